import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct BatchTests {
    private let path = "/messages/batch"

    private func message(_ to: String) -> String {
        #"{"from":"a@example.org","to":"\#(to)@example.net","text":"x"}"#
    }

    private func results(_ answer: HTTPAnswer) -> [[String: Any]] {
        answer.json["results"] as? [[String: Any]] ?? []
    }

    private func statuses(_ answer: HTTPAnswer) -> [Int] {
        results(answer).compactMap { $0["http_status"] as? Int }
    }

    /// One transaction whose recipient is answered so.
    private func transaction(_ reply: String) -> [ScriptedRelay.Step] {
        [.expectEnd("DATA\r\n"), .send("250 ok\r\n\(reply)\r\n")]
            + (reply.hasPrefix("2")
                ? [.send("354 go\r\n")] + taken : [.send("554 none\r\n"), .expect("RSET\r\n"), .send("250 ok\r\n")])
    }

    @Test func eachWithItsOwnStatusInOrder() async throws {
        // One session, and one message after another: the relay's script knows which comes when.
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "1"], greeting + transaction("250 ok") + transaction("250 ok"))
        let answer = try await bench.post(
            "[\(message("one")),{},\(message("two")),7]", path: path + "?on_error=continue")
        #expect(answer.status == 200)
        #expect(answer.field("content-type") == "application/json")
        #expect(statuses(answer) == [200, 422, 200, 422])
        let results = results(answer)
        #expect(results[0]["accepted"] as? [String] == ["one@example.net"])
        #expect(results[0]["text"] as? String == "Ok: queued as 4F2")
        #expect(results[2]["accepted"] as? [String] == ["two@example.net"])
        let errors = results[1]["errors"] as? [[String: Any]] ?? []
        #expect(Set(errors.compactMap { $0["pointer"] as? String }) == ["/from", "/to"])
        #expect(results[1]["status"] as? Int == 422)
        await bench.stop()
    }

    @Test func stopsOnTheFirstError() async throws {
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "1"],
            greeting + transaction("250 ok") + transaction("550 5.1.1 no"))
        let answer = try await bench.post(
            "[\(message("one")),\(message("two")),\(message("three")),{}]", path: path + "?on_error=stop")
        #expect(statuses(answer) == [200, 422, 424, 424])
        let last = try #require(results(answer).last)
        #expect(last["outcome"] as? String == "not_sent")
        #expect(last["retryable"] as? Bool == true)
        #expect((last["detail"] as? String)?.contains("number 1 ") == true)
        #expect(bench.relay.received.joined().contains("three") == false)
        await bench.stop()
    }

    @Test func stopsAtOneThatIsNotValid() async throws {
        let bench = try await Bench.start([:], greeting + transaction("250 ok"))
        let answer = try await bench.post("[\(message("one")),{},\(message("two"))]", path: path + "?on_error=stop")
        #expect(statuses(answer) == [200, 422, 424])
        #expect(bench.relay.received.joined().contains("two") == false)
        await bench.stop()
    }

    /// Side by side: all messages are with the relay before the first of them has an answer.
    @Test func sideBySide() async throws {
        let held: [ScriptedRelay.Step] = [
            .send("220 relay\r\n"), .expectEnd("\r\n"), .send("250 relay\r\n"), .expectEnd("\r\n"),
            .send("250 ok\r\n"), .expectEnd("\r\n"), .send("250 ok\r\n"), .expectEnd("DATA\r\n"),
            .send("354 go\r\n"), .expectEnd("\r\n.\r\n"), .silence,
        ]
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "8", "POSTERN_SHUTDOWN_GRACE": "1ms"], held)
        let connection = try RawConnection(port: bench.gateway.address.port)
        let body = "[" + (0..<6).map { message("n\($0)") }.joined(separator: ",") + "]"
        try connection.send(Bench.request(body, path: path))
        while bench.relay.received.filter({ $0.hasSuffix("\r\n.\r\n") }).count < 6 {
            try await Task.sleep(for: .milliseconds(2))
        }
        await bench.stop()
        let answer = try #require(await connection.readAnswer())
        #expect(statuses(answer) == Array(repeating: 504, count: 6))
        #expect(results(answer).allSatisfy { $0["outcome"] as? String == "unknown" })
    }

    @Test func aHundredAndNoMore() async throws {
        let one = try await Bench.start([:], greeting + Array(repeating: envelope + taken, count: 100).joined())
        func body(_ count: Int) -> String {
            "[" + (0..<count).map { message("n\($0)") }.joined(separator: ",") + "]"
        }
        #expect(try await one.post(body(101), path: path).status == 422)
        #expect(try await one.post("[]", path: path).status == 422)
        #expect(try await one.post("{}", path: path).status == 422)
        #expect(try await one.post("[", path: path).status == 400)
        #expect(try await one.post("[{]", path: path).status == 400)
        #expect(try await one.post(body(1), path: path + "?on_error=maybe").status == 422)
        #expect(one.relay.connections == 0)
        let answer = try await one.post(body(100), path: path)
        #expect(statuses(answer) == Array(repeating: 200, count: 100))
        await one.stop()
    }

    @Test func dryRun() async throws {
        let bench = try await Bench.start([:], greeting)
        let answer = try await bench.post("[\(message("one")),{}]", path: path + "?dry_run=true")
        #expect(statuses(answer) == [200, 422])
        #expect((results(answer)[0]["message"] as? String)?.contains("one@example.net") == true)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func underAKey() async throws {
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "1"],
            greeting + transaction("250 ok") + transaction("450 4.2.1 later") + transaction("250 ok"))
        let key = "Idempotency-Key: batch-1\r\n"
        let body = "[\(message("one")),\(message("two")),{}]"
        let first = try await bench.post(body, path: path + "?on_error=continue", headers: key)
        #expect(statuses(first) == [200, 503, 422])
        // Only what was not sent is sent again.
        let second = try await bench.post(body, path: path + "?on_error=continue", headers: key)
        #expect(statuses(second) == [200, 200, 422])
        #expect(results(second)[0]["replayed"] as? Bool == true)
        #expect(results(second)[0]["id"] as? String == results(first)[0]["id"] as? String)
        #expect(results(second)[1]["replayed"] == nil)
        #expect(second.field("idempotency-replayed") == nil)
        let third = try await bench.post(body, path: path + "?on_error=continue", headers: key)
        #expect(third.body == second.body)
        #expect(third.field("idempotency-replayed") == "true")
        #expect(try await bench.post("[\(message("other"))]", path: path, headers: key).status == 422)
        let sent = bench.relay.received.joined()
        #expect(sent.components(separatedBy: "RCPT TO:<one@example.net>").count == 2)
        await bench.stop()
    }
}
