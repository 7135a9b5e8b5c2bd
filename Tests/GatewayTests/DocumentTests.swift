import Foundation
import Logging
import TestSupport
import Testing

@testable import Gateway

/// The contract and the console, as they are served.
@Suite(.timeLimit(.minutes(1))) struct DocumentTests {
    private static let contract = ConfigurationTests.root.appending(path: "openapi.yaml")

    @Test func whatIsServedIsTheContract() async throws {
        let bench = try await Bench.start([:], greeting)
        let yaml = try await bench.get("/openapi.yaml")
        #expect(yaml.field("content-type") == "application/yaml")
        #expect(try yaml.body == Array(Data(contentsOf: Self.contract)))
        let json = try await bench.get("/openapi.json")
        #expect(json.field("content-type") == "application/json")
        #expect(json.json["openapi"] as? String == "3.1.0")
        // The order of the document is kept, and nothing of it is lost.
        #expect(json.text.hasPrefix(#"{"openapi":"3.1.0","info":{"title":"Postern""#))
        #expect(((json.json["info"] as? [String: Any])?["version"] as? String) == Gateway.version)
        await bench.stop()
    }

    @Test(arguments: ["/openapi.yaml", "/openapi.json", "/"]) func whoHasItIsToldSo(_ path: String) async throws {
        let bench = try await Bench.start([:], greeting)
        let connection = try RawConnection(port: bench.gateway.address.port)
        func get(_ fields: String) async throws -> HTTPAnswer? {
            try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
            return await connection.readAnswer()
        }
        let head = String(decoding: try #require(try await get("")).head.utf8, as: UTF8.self)
        #expect(head.contains("\r\netag: \""))
        // The tag's case matters, so it is read from an answer that keeps it.
        let raw = try RawConnection(port: bench.gateway.address.port)
        try raw.send("HEAD \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let answer = await raw.readToEnd()
        let start = try #require(answer.range(of: "ETag: ")).upperBound
        let tag = String(answer[start...].prefix { $0 != "\r\n" })
        for list in [tag, "W/\(tag)", "*", "\"other\", \(tag)"] {
            let same = try #require(try await get("If-None-Match: \(list)\r\n"))
            #expect(same.status == 304)
            #expect(same.body.isEmpty)
            #expect(same.field("etag") == tag.lowercased())
        }
        #expect(try await get("If-None-Match: \"other\"\r\n")?.status == 200)
        await bench.stop()
    }

    @Test func keysGuardTheContractAndNotTheConsole() async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "secret-key-1"], greeting)
        #expect(try await bench.get("/openapi.yaml").status == 401)
        #expect(try await bench.get("/openapi.json").status == 401)
        let console = try await bench.get("/")
        #expect(console.status == 200)
        #expect(!console.text.contains("secret-key-1"))
        await bench.stop()
    }

    @Test func theTypeOfAProblemLeadsToItsPage() async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "secret-key-1"], greeting)
        let type = try #require(try await bench.get("/openapi.yaml").json["type"] as? String)
        #expect(type == "/problems/unauthorized")
        let page = try await bench.get(type)
        #expect(page.status == 200)
        #expect(page.field("content-type") == "text/plain; charset=utf-8")
        #expect(page.text.hasPrefix("unauthorized\n\nStatus 401. "))
        #expect(try await bench.get("/problems/nothing").status == 404)
        await bench.stop()
    }

    @Test func everyPageOfAProblemSaysWhatToDo() {
        #expect(ProblemPage.pages.count >= 30)
        for (label, page) in ProblemPage.pages {
            let text = String(decoding: page.body, as: UTF8.self)
            for part in ["Status ", "Safe to retry? ", "What to do: "] {
                #expect(text.contains("\n\n" + part), "\(label)")
            }
            #expect(!text.contains("**") && !text.contains("]("), "\(label)")
        }
    }

    // MARK: The console

    @Test func theConsoleHoldsEverythingItNeeds() async throws {
        let bench = try await Bench.start([:], greeting)
        let page = try await bench.get("/")
        #expect(page.field("content-type") == "text/html; charset=utf-8")
        #expect(page.field("x-content-type-options") == "nosniff")
        let policy = try #require(page.field("content-security-policy"))
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        // The nonce of the page is that of the policy.
        let nonce = try #require(policy.firstMatch(of: /'nonce-([0-9a-f]{8,})'/)).output.1
        #expect(page.text.contains("<style nonce=\"\(nonce)\">"))
        #expect(!page.text.contains("/*nonce*/"))
        #expect(!policy.contains("unsafe"))
        #expect(policy.contains("frame-ancestors 'none'"))
        // Nothing is fetched from elsewhere, and nothing runs that the policy would refuse.
        for pattern in ["http://", "https://", "//cdn", " src=", " style=", " onclick=", " onload=", "/*script*/"] {
            #expect(!page.text.contains(pattern), "\(pattern)")
        }
        for pattern in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage"] {
            #expect(!page.text.contains(pattern), "\(pattern)")
        }
        await bench.stop()
    }

    /// Every input has a label of its own.
    @Test func everyInputHasALabel() async throws {
        let bench = try await Bench.start([:], greeting)
        let text = try await bench.get("/").text
        let inputs = text.matches(of: /<(?:input|textarea) id="([a-z_-]+)"/).map { String($0.output.1) }
        #expect(inputs.count == 10)
        for input in inputs { #expect(text.contains("<label for=\"\(input)\">"), "\(input)") }
        await bench.stop()
    }
}
