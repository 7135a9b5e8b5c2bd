import Foundation
import TestSupport
import Testing

@testable import Gateway

/// What a client is told of a body that is no JSON.
@Suite(.timeLimit(.minutes(1))) struct MalformedDocumentTests {
    @Test(arguments: ["/messages", "/messages/batch", "/messages?dry_run=true"])
    func theClientIsTold(_ path: String) async throws {
        let bench = try await Bench.start([:], greeting)
        let isBatch = path.hasSuffix("batch")
        func body(_ members: String) -> String {
            let message = #"{"from":"a@example.org","to":"b@example.net","text":"t"\#(members)}"#
            return isBatch ? "[\(message)]" : message
        }
        for (members, says) in [
            (",", "there is a comma before a closing bracket"), (",\"html\":\"a\tb\"", "there is a control character"),
            (#","html":"\x""#, "a backslash"), (#","x":01"#, "expected a comma"),
            (#","x":NaN"#, "expected a value"),
        ] {
            let answer = try await bench.post(body(members), path: path)
            #expect(answer.status == 400, "\(members)")
            #expect(answer.field("content-type") == "application/problem+json")
            #expect(answer.json["type"] as? String == "/problems/malformed-body")
            let detail = answer.json["detail"] as? String ?? ""
            #expect(detail.hasPrefix("the body is not well-formed JSON: \(says)"), "\(detail)")
        }
        let mark = try await bench.post("\u{FEFF}" + body(""), path: path)
        #expect(mark.status == 400)
        let twice = try await bench.post(body(#","text":"u","headers":{"X":"1","X":"2"}"#), path: path)
        #expect(twice.status == 422)
        #expect(Set(twice.pointers) == Set(["/headers/X", "/text"].map { isBatch ? "/0\($0)" : $0 }))
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    /// What is given twice is named together with everything else that is wrong.
    @Test func allErrorsAreNamed() async throws {
        let bench = try await Bench.start([:], greeting)
        let answer = try await bench.post(#"{"from":"a","to":"b@example.net","to":"c@example.net","color":"red"}"#)
        #expect(answer.status == 422)
        #expect(Set(answer.pointers) == ["/from", "/to", "/color"])
        await bench.stop()
    }

    /// A large attachment takes another way, and what is wrong beside it is said all the same.
    @Test func besideALargeAttachment() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let content = Data(repeating: 7, count: 90_000).base64EncodedString()
        func body(_ rest: String) -> String {
            #"{"from":"a@example.org","to":"b@example.net","attachments":[{"content":"\#(content)"}]\#(rest)}"#
        }
        #expect(try await bench.post(body(",")).status == 400)
        let twice = try await bench.post(body(#","to":"c@example.net""#))
        #expect(twice.status == 422)
        #expect(twice.pointers == ["/to"])
        #expect(try await bench.post(body("")).status == 200)
        await bench.stop()
    }
}
