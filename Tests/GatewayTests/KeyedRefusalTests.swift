import Foundation
import SMTP
import TestSupport
import Testing

@testable import Gateway

/// What is known under an Idempotency-Key is answered first, whatever the state of the gateway.
@Suite(.timeLimit(.minutes(1))) struct KeyedRefusalTests {
    private let key = "Idempotency-Key: order-7\r\n"

    private func messages(_ bench: Bench) -> Int {
        bench.relay.received.joined().components(separatedBy: "\r\n.\r\n").count - 1
    }

    /// A replay costs nothing of the rate, and a used-up rate does not hide that the message was sent.
    @Test(arguments: ["/messages", "/messages/batch"]) func aReplayDoesNotCountAgainstTheRate(_ path: String)
        async throws
    {
        let bench = try await Bench.start(
            ["POSTERN_RATE_PER_KEY": "2/d"], greeting + envelope + taken + envelope + taken)
        let body = path == "/messages" ? simple : "[\(simple)]"
        let first = try await bench.post(body, path: path, headers: key)
        #expect(first.status == 200)
        for _ in 0..<5 {
            let again = try await bench.post(body, path: path, headers: key)
            #expect(again.body == first.body)
            #expect(again.field("idempotency-replayed") == "true")
        }
        #expect(try await bench.post(simple).status == 200)
        let refused = try await bench.post(simple)
        #expect(refused.status == 429)
        #expect(refused.json["outcome"] as? String == "not_sent")
        #expect(try await bench.post(body, path: path, headers: key).field("idempotency-replayed") == "true")
        // Another key has not been used, so the refusal knows that nothing was sent under it; it can be used later.
        let other = try await bench.post(simple, headers: "Idempotency-Key: order-8\r\n")
        #expect(other.status == 429)
        #expect(other.field("retry-after") != nil)
        #expect(messages(bench) == 2)
        await bench.stop()
    }

    /// What is refused before anybody looks at the key says nothing of the message: it may have been sent.
    @Test func aRefusalThatDoesNotKnowClaimsNoOutcome() async throws {
        let bench = try await Bench.start(["POSTERN_MAX_MESSAGE_BYTES": "2000"], greeting + envelope + taken)
        #expect(try await bench.post(simple, headers: key).status == 200)
        for (request, status) in [
            ("Content-Length: 5000\r\nContent-Type: application/json\r\n\r\n", 413),
            ("Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nx\r\n", 400),
            ("Content-Length: 3\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\nabc", 400),
            ("Content-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc", 415),
        ] {
            for isKeyed in [true, false] {
                let connection = try RawConnection(port: bench.gateway.address.port)
                try connection.send(
                    "POST /messages HTTP/1.1\r\nHost: localhost\r\n\(isKeyed ? key : "")" + request)
                let answer = try #require(await connection.readAnswer())
                #expect(answer.status == status)
                if isKeyed { #expect(answer.json["outcome"] == nil, "\(status): \(answer.text)") }
                if !isKeyed, status == 413 { #expect(answer.json["outcome"] as? String == "not_sent") }
            }
        }
        await bench.stop()
    }

    /// That the outcome is unknown is no claim, and stays.
    @Test func anUnknownOutcomeStaysUnderAKey() {
        #expect(Problem.stopped.withoutClaim.outcome == .unknown)
        #expect(Problem.draining.withoutClaim.outcome == nil)
    }

    /// Dry runs send nothing and count nowhere.
    @Test func dryRunsDoNotCountAgainstTheRate() async throws {
        let bench = try await Bench.start(["POSTERN_RATE_PER_KEY": "1/d"], greeting + envelope + taken)
        for _ in 0..<3 {
            #expect(try await bench.post(simple, path: "/messages?dry_run=true").status == 200)
            #expect(try await bench.post("[\(simple)]", path: "/messages/batch?dry_run=true").status == 200)
        }
        #expect(try await bench.post(simple).status == 200)
        await bench.stop()
    }

    @Test func aFullGatewayAnswersWhatIsKnown() async throws {
        let bench = try await Bench.start(
            ["POSTERN_MAX_IN_FLIGHT": "1"],
            greeting + envelope + taken + envelope + [.expectEnd("\r\n.\r\n"), .hold, .send("250 2.0.0 Ok\r\n")])
        let first = try await bench.post(simple, headers: key)
        #expect(first.status == 200)
        let underWay = try RawConnection(port: bench.gateway.address.port)
        let held = "Idempotency-Key: order-8\r\n"
        try underWay.send(Bench.request(simple, headers: held))
        while messages(bench) < 2 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try await bench.post(simple, headers: key).body == first.body)
        #expect(try await bench.post(simple, headers: held).status == 409)
        #expect(try await bench.post(simple.replacing("How", with: "Who"), headers: key).status == 422)
        #expect(try await bench.post(simple, headers: "Idempotency-Key: order-9\r\n").status == 503)
        let unkeyed = try await bench.post(simple)
        #expect(unkeyed.status == 503)
        #expect(unkeyed.json["outcome"] as? String == "not_sent")
        bench.relay.release()
        #expect(await underWay.readAnswer()?.status == 200)
        await bench.stop()
    }

    @Test func aDrainingGatewayAnswersWhatIsKnown() async throws {
        let bench = try await Bench.start(
            [:], greeting + envelope + taken + envelope + [.expectEnd("\r\n.\r\n"), .hold, .send("250 2.0.0 Ok\r\n")])
        let first = try await bench.post(simple, headers: key)
        // Kept connections, because a gateway that drains accepts no new ones.
        let connections = try (0..<3).map { _ in try RawConnection(port: bench.gateway.address.port) }
        for connection in connections {
            try connection.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await connection.readAnswer()?.status == 200)
        }
        try connections[0].send(Bench.request(simple))
        while messages(bench) < 2 { try await Task.sleep(for: .milliseconds(2)) }
        async let stopped = bench.gateway.stop()
        var refused: HTTPAnswer?
        while refused?.status != 503 {
            try connections[1].send(Bench.request(simple, headers: "Idempotency-Key: order-9\r\n"))
            refused = await connections[1].readAnswer()
            guard refused?.field("connection") != "close" else { break }
        }
        try connections[2].send(Bench.request(simple, headers: key))
        #expect(await connections[2].readAnswer()?.body == first.body)
        bench.relay.release()
        #expect(await connections[0].readAnswer()?.status == 200)
        _ = await stopped
        await bench.relay.stop()
    }

    /// Messages that wait for their turn when the gateway stops never left, and their clients are told so.
    @Test func aShutdownTellsThrottledMessagesTheTruth() async throws {
        // The last would have its turn after 24 seconds: also on a slow machine the shutdown comes before.
        let count = 25
        let bench = try await Bench.start(
            ["POSTERN_RELAY_RATE": "1", "POSTERN_SHUTDOWN_GRACE": "100ms"],
            greeting + (0..<count).flatMap { _ in envelope + taken })
        let connections = try (0..<count).map { _ in try RawConnection(port: bench.gateway.address.port) }
        for connection in connections { try connection.send(Bench.request(simple)) }
        while messages(bench) == 0 { try await Task.sleep(for: .milliseconds(2)) }
        async let stopped = bench.gateway.stop()
        var accepted = 0
        for connection in connections {
            let answer = try #require(await connection.readAnswer())
            if answer.status == 200 {
                accepted += 1
            } else {
                #expect(answer.status == 503)
                #expect(answer.json["outcome"] as? String == "not_sent")
                #expect(answer.json["retryable"] as? Bool == true)
            }
        }
        _ = await stopped
        #expect(accepted == messages(bench))
        #expect(accepted < count)
        await bench.relay.stop()
    }

    /// A batch that is cut short says of each message what is known of it, also if whoever stops does not wait.
    @Test func aBatchThatIsCutShortSaysWhatIsKnown() async throws {
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "1"],
            greeting + envelope + taken + envelope + [.expectEnd("\r\n.\r\n"), .silence])
        let connection = try RawConnection(port: bench.gateway.address.port)
        let batch = "[" + Array(repeating: simple, count: 4).joined(separator: ",") + "]"
        try connection.send(Bench.request(batch, path: "/messages/batch"))
        while messages(bench) < 2 { try await Task.sleep(for: .milliseconds(2)) }
        let stop = Task { await bench.gateway.stop() }
        stop.cancel()
        let answer = try #require(await connection.readAnswer())
        #expect(answer.status == 200)
        let results = try #require(answer.json["results"] as? [[String: Any]])
        let statuses = results.compactMap { $0["http_status"] as? Int }.sorted()
        #expect(statuses == [200, 503, 503, 504])
        #expect(Set(results.compactMap { $0["outcome"] as? String }) == ["not_sent", "unknown"])
        _ = await stop.value
        await bench.relay.stop()
    }
}
