import Foundation
import TestSupport
import Testing

@testable import Gateway

/// Web pages of other origins and a gateway without keys.
@Suite(.timeLimit(.minutes(2))) struct CrossSiteTests {
    private static let form = "from=a@example.org&to=b@example.net&text=x"

    private func status(
        _ bench: Bench, _ method: String = "POST", _ path: String = "/messages", host: String? = "127.0.0.1:8080",
        _ fields: String
    ) async throws -> HTTPAnswer {
        let connection = try RawConnection(port: bench.gateway.address.port)
        let body = method == "POST" ? Self.form : ""
        let hostField = host.map { "Host: \($0)\r\n" } ?? ""
        try connection.send(
            "\(method) \(path) HTTP/1.\(host == nil ? 0 : 1)\r\n\(hostField)\(fields)"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        return try #require(await connection.readAnswer())
    }

    private func status(_ bench: Bench, _ fields: String) async throws -> HTTPAnswer {
        try await status(bench, "POST", "/messages", fields)
    }

    @Test(arguments: [
        "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n", "sec-fetch-site: Cross-Site\r\n",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n",
        "Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin:\r\n", "Origin: 127.0.0.1:8080\r\n",
        "Origin: http://127.0.0.1:8081\r\n", "Origin: http://127.0.0.1\r\n", "Origin: http://localhost:8080\r\n",
        "Origin: https://127.0.0.1\r\n", "Origin: file://127.0.0.1:8080\r\n",
        "Origin: http://127.0.0.1:8080.evil.example\r\n", "Origin: http://127.0.0.1:8080@evil.example\r\n",
        "Origin: http://127.0.0.1:8080\r\nOrigin: https://evil.example\r\n",
        "Origin: https://evil.example\r\nSec-Fetch-Site: same-origin\r\n",
        "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: cross-site\r\n",
    ]) func aPageOfAnotherOriginIsRefused(_ fields: String) async throws {
        let bench = try await Bench.start([:], greeting)
        let answer = try await status(bench, fields)
        #expect(answer.status == 403)
        #expect(answer.json["type"] as? String == "/problems/cross-site-request")
        #expect(answer.json["outcome"] as? String == "not_sent")
        for path in ["/metrics", "/readyz", "/livez", "/openapi.json", "/sandbox/messages", "/nothing"] {
            #expect(try await status(bench, "GET", path, fields).status == 403, "\(path)")
        }
        #expect(try await status(bench, "DELETE", "/sandbox/messages", fields).status == 403)
        #expect(try await status(bench, "OPTIONS", "/messages", fields).status == 403)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test(arguments: [
        "rebind.evil.example", "rebind.evil.example:8080", "evil-localhost", "localhost.evil.example", "0.0.0.0",
        "192.0.2.1", "127.0.0.1.evil.example", "1127.0.0.1", "[::2]", "[::ffff:192.0.2.1]", "",
    ]) func aNameThatWasReboundIsRefused(_ host: String) async throws {
        let bench = try await Bench.start([:], greeting)
        #expect(try await status(bench, host: host, "").status == 403)
        #expect(try await status(bench, "GET", "/metrics", host: host, "").status == 403)
        // The page and its requests have the same origin there.
        let answer = try await status(bench, host: host, "Origin: http://\(host)\r\nSec-Fetch-Site: same-origin\r\n")
        #expect(answer.status == 403)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test(arguments: [
        ("127.0.0.1:8080", ""), ("127.0.0.1", ""), ("127.1.2.3:1", ""), ("localhost:8080", ""), ("LOCALHOST", ""),
        ("localhost.", ""), ("app.localhost:8080", ""), ("[::1]:8080", ""), ("[0:0:0:0:0:0:0:1]", ""),
        ("127.0.0.1:8080", "Origin: http://127.0.0.1:8080\r\nSec-Fetch-Site: same-origin\r\n"),
        ("localhost:8080", "Origin: http://LocalHost:8080\r\n"), ("localhost", "Origin: http://localhost:80\r\n"),
        ("localhost:443", "Origin: https://localhost\r\n"), ("localhost", "Origin: https://localhost\r\n"),
        ("[::1]:8080", "Origin: http://[::1]:8080\r\n"), ("127.0.0.1:8080", "Sec-Fetch-Site: none\r\n"),
        ("127.0.0.1:8080", "Sec-Fetch-Site: same-origin\r\n"),
    ]) func theOwnOriginAndProgramsAreServed(_ host: String, _ fields: String) async throws {
        let bench = try await Bench.start([:], greeting)
        #expect(try await status(bench, "GET", "/metrics", host: host, fields).status == 200)
        #expect(try await status(bench, "POST", "/messages?dry_run=true", host: host, fields).status == 200)
        await bench.stop()
    }

    /// Not of a browser: a probe that speaks HTTP/1.0 and names no host.
    @Test func aRequestWithoutHostIsServed() async throws {
        let bench = try await Bench.start([:], greeting)
        #expect(try await status(bench, "GET", "/livez", host: nil, "").status == 200)
        #expect(try await status(bench, "GET", "/livez", host: nil, "Origin: http://evil.example\r\n").status == 403)
        await bench.stop()
    }

    @Test func aLinkToTheConsoleWorks() async throws {
        let bench = try await Bench.start([:], greeting)
        let navigation = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
        #expect(try await status(bench, "GET", "/", navigation).status == 200)
        #expect(try await status(bench, "GET", "/metrics", navigation).status == 403)
        #expect(
            try await status(bench, "GET", "/", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n").status == 403)
        await bench.stop()
    }

    /// With keys no page has one, so nothing has to be guessed from where a request comes.
    @Test func withKeysTheKeyDecides() async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "app:secret-key-1"], greeting)
        let foreign = "Origin: https://app.example\r\nSec-Fetch-Site: cross-site\r\n"
        #expect(try await status(bench, "GET", "/metrics", host: "mail.example.org", foreign).status == 401)
        let keyed = foreign + "X-API-Key: secret-key-1\r\n"
        #expect(try await status(bench, "GET", "/metrics", host: "mail.example.org", keyed).status == 200)
        await bench.stop()
    }

    /// On an address that others can reach, any name may be right; the origin still has to be the Host.
    @Test func onAnotherAddressTheHostMayBeAnyName() async throws {
        let bench = try await Bench.start(
            ["POSTERN_LISTEN": "0.0.0.0:0", "POSTERN_ALLOW_ANONYMOUS": "true"], greeting)
        #expect(try await status(bench, "GET", "/metrics", host: "mail.example.org", "").status == 200)
        let own = "Origin: https://mail.example.org\r\nSec-Fetch-Site: same-origin\r\n"
        #expect(try await status(bench, "GET", "/metrics", host: "mail.example.org", own).status == 200)
        let foreign = "Origin: https://evil.example\r\n"
        #expect(try await status(bench, "GET", "/metrics", host: "mail.example.org", foreign).status == 403)
        await bench.stop()
    }

    // MARK: Keys and parameters that are given twice, or are not known

    @Test func aKeyThatIsGivenTwiceIsRefused() async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "app:secret-key-1"], greeting)
        for fields in [
            "X-API-Key: secret-key-1\r\nX-API-Key: secret-key-1\r\n",
            "X-API-Key: secret-key-1\r\nx-api-key: other-key-2\r\n",
            "Authorization: Bearer secret-key-1\r\nAuthorization: Bearer other-key-2\r\n",
        ] {
            #expect(try await status(bench, fields).status == 401)
        }
        let twice = "X-API-Key: secret-key-1\r\nIdempotency-Key: a\r\nIdempotency-Key: a\r\n"
        #expect(try await status(bench, twice).status == 422)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    /// Which of two keys counts would be a guess; the same key twice is none.
    @Test func differentKeysInTwoFieldsAreRefused() async throws {
        let bench = try await Bench.start(
            ["POSTERN_API_KEYS": "app:secret-key-1,shop:secret-key-2"], greeting + envelope + taken)
        for (bearer, own) in [
            ("secret-key-1", "secret-key-2"), ("secret-key-2", "secret-key-1"), ("secret-key-1", "wrong-key-3"),
            ("wrong-key-3", "secret-key-1"), ("secret-key-1", ""),
        ] {
            for fields in [
                "Authorization: Bearer \(bearer)\r\nX-API-Key: \(own)\r\n",
                "X-API-Key: \(own)\r\nAuthorization: bearer \(bearer)\r\n",
            ] {
                let answer = try await bench.post(simple, headers: fields)
                #expect(answer.status == 401, "\(fields)")
                let detail = try #require(answer.json["detail"] as? String)
                #expect(detail.contains("Authorization") && detail.contains("X-API-Key"), "\(detail)")
                #expect(!detail.contains("secret-key"))
            }
        }
        #expect(bench.relay.connections == 0)
        let same = "X-API-Key: secret-key-1\r\nAuthorization: Bearer  secret-key-1 \r\n"
        #expect(try await bench.post(simple, headers: same).status == 200)
        // What is no bearer token is no key of ours.
        let basic = "Authorization: Basic YTpi\r\nX-API-Key: secret-key-1\r\n"
        #expect(try await bench.post(simple, path: "/messages?dry_run=true", headers: basic).status == 200)
        await bench.stop()
    }

    @Test(arguments: ["/livez", "/readyz", "/healthz", "/metrics", "/openapi.yaml", "/openapi.json", "/"])
    func anUnknownParameterIsRefusedEverywhere(_ path: String) async throws {
        let bench = try await Bench.start([:], greeting)
        #expect(try await bench.get(path + "?to=x").status == 422)
        #expect(try await bench.get(path + "?=").status == 422)
        await bench.stop()
    }
}
