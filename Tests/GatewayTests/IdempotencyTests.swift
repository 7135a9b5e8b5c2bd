import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Gateway
@testable import Records

@Suite(.timeLimit(.minutes(1))) struct IdempotencyTests {
    let key = "Idempotency-Key: order-7\r\n"

    private func bench(_ settings: [String: String] = [:], _ steps: [ScriptedRelay.Step]...) async throws -> Bench {
        let bounds = [
            "POSTERN_RELAY_FINAL_REPLY_TIMEOUT": "200ms", "POSTERN_RELAY_REPLY_TIMEOUT": "5s",
            "POSTERN_RELAY_CONNECTIONS": "1",
        ]
        return try await Bench.start(bounds.merging(settings) { $1 }, scripts: steps)
    }

    private func messages(_ bench: Bench) -> Int {
        bench.relay.received.joined().components(separatedBy: "\r\n.\r\n").count - 1
    }

    @Test func acceptedOnceAndReplayed() async throws {
        let bench = try await bench([:], greeting + envelope + taken + envelope + taken)
        let first = try await bench.post(simple, headers: key)
        #expect(first.status == 200)
        #expect(first.field("idempotency-replayed") == nil)
        let second = try await bench.post(simple, headers: key)
        #expect(second.status == 200)
        #expect(second.body == first.body)
        #expect(second.field("idempotency-replayed") == "true")
        #expect(second.field("content-type") == "application/json")
        #expect(second.field("x-request-id") != first.field("x-request-id"))
        #expect(messages(bench) == 1)
        // Without the key, and under another one, it is a message of its own.
        #expect(try await bench.post(simple, headers: "Idempotency-Key: order-8\r\n").status == 200)
        #expect(messages(bench) == 2)
        await bench.stop()
    }

    @Test func anotherMessageUnderTheKey() async throws {
        let bench = try await bench([:], greeting + envelope + taken)
        #expect(try await bench.post(simple, headers: key).status == 200)
        let other = try await bench.post(simple.replacing("How", with: "Who"), headers: key)
        #expect(other.status == 422)
        #expect((other.json["type"] as? String)?.hasSuffix("idempotency-key-reused") == true)
        #expect(other.json["outcome"] as? String == "not_sent")
        #expect(other.json["retryable"] as? Bool == false)
        #expect(messages(bench) == 1)
        await bench.stop()
    }

    @Test func inFlight() async throws {
        let bench = try await bench(
            ["POSTERN_RELAY_FINAL_REPLY_TIMEOUT": "20s"],
            greeting + envelope + [.expectEnd("\r\n.\r\n"), .hold, .send("250 2.0.0 Ok\r\n")])
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(Bench.request(simple, headers: key))
        while messages(bench) == 0 { try await Task.sleep(for: .milliseconds(2)) }
        let second = try await bench.post(simple, headers: key)
        #expect(second.status == 409)
        #expect(second.field("retry-after") != nil)
        #expect(second.json["retryable"] as? Bool == true)
        bench.relay.release()
        #expect(await connection.readAnswer()?.status == 200)
        #expect(try await bench.post(simple, headers: key).field("idempotency-replayed") == "true")
        #expect(messages(bench) == 1)
        await bench.stop()
    }

    /// What became of a message is found out by asking again, also when the client went away.
    @Test func theClientWentAway() async throws {
        let bench = try await bench(
            ["POSTERN_RELAY_FINAL_REPLY_TIMEOUT": "20s"],
            greeting + envelope + [.expectEnd("\r\n.\r\n"), .pause(.milliseconds(200)), .send("250 2.0.0 Ok\r\n")])
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(Bench.request(simple, headers: key))
        while messages(bench) == 0 { try await Task.sleep(for: .milliseconds(2)) }
        connection.close()
        var answer = try await bench.post(simple, headers: key)
        while answer.status == 409 {
            try await Task.sleep(for: .milliseconds(5))
            answer = try await bench.post(simple, headers: key)
        }
        #expect(answer.status == 200)
        #expect(answer.field("idempotency-replayed") == "true")
        #expect(messages(bench) == 1)
        await bench.stop()
    }

    @Test func refusedForGoodIsKept() async throws {
        let bench = try await bench(
            [:], greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("554 5.7.1 spam\r\n")] + envelope + taken)
        let first = try await bench.post(simple, headers: key)
        #expect(first.status == 422)
        let second = try await bench.post(simple, headers: key)
        #expect(second.body == first.body)
        #expect(second.field("idempotency-replayed") == "true")
        #expect(second.field("content-type") == "application/problem+json")
        #expect(messages(bench) == 1)
        await bench.stop()
    }

    @Test func unknownIsKept() async throws {
        let bench = try await bench(
            [:], greeting + envelope + [.expectEnd("\r\n.\r\n"), .silence], greeting + envelope + taken)
        let first = try await bench.post(simple, headers: key)
        #expect(first.status == 504)
        #expect(first.json["outcome"] as? String == "unknown")
        let second = try await bench.post(simple, headers: key)
        #expect(second.status == 504)
        #expect(second.body == first.body)
        #expect(second.field("idempotency-replayed") == "true")
        #expect(messages(bench) == 1)
        await bench.stop()
    }

    @Test func notSentAndRetryableMayBeSentAgain() async throws {
        let bench = try await bench(
            [:], greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("451 4.3.0 later\r\n")] + envelope + taken)
        let first = try await bench.post(simple, headers: key)
        #expect(first.status == 503)
        #expect(first.json["retryable"] as? Bool == true)
        #expect(try await bench.post(simple.replacing("How", with: "Who"), headers: key).status == 422)
        let second = try await bench.post(simple, headers: key)
        #expect(second.status == 200)
        #expect(second.field("idempotency-replayed") == nil)
        #expect(try await bench.post(simple, headers: key).field("idempotency-replayed") == "true")
        await bench.stop()
    }

    @Test func aMessageThatIsNotValidTakesNoKey() async throws {
        let bench = try await bench([:], greeting + envelope + taken)
        #expect(try await bench.post("{}", headers: key).status == 422)
        #expect(try await bench.post(simple, path: "/messages?dry_run=true", headers: key).status == 200)
        #expect(try await bench.post(simple, headers: key).field("idempotency-replayed") == nil)
        #expect(messages(bench) == 1)
        await bench.stop()
    }

    @Test func keysArePerAPIKey() async throws {
        let bench = try await bench(
            ["POSTERN_API_KEYS": "one:secret-key-1,two:secret-key-2"], greeting + envelope + taken + envelope + taken)
        for secret in ["secret-key-1", "secret-key-2"] {
            let answer = try await bench.post(simple, headers: key + "X-API-Key: \(secret)\r\n")
            #expect(answer.status == 200)
            #expect(answer.field("idempotency-replayed") == nil)
        }
        #expect(messages(bench) == 2)
        await bench.stop()
    }

    @Test(arguments: ["", " ", String(repeating: "x", count: 257), "a\tb", "ä"])
    func keysThatAreNone(_ text: String) async throws {
        let bench = try await bench([:], greeting)
        for path in ["/messages", "/messages?dry_run=true", "/messages/batch", "/messages/batch?dry_run=true"] {
            let body = path.hasPrefix("/messages/batch") ? "[\(simple)]" : simple
            let answer = try await bench.post(body, path: path, headers: "Idempotency-Key: \(text)\r\n")
            #expect(answer.status == 422, "\(path)")
        }
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func theLongestKey() async throws {
        let bench = try await bench([:], greeting + envelope + taken)
        let long = "Idempotency-Key: " + String(repeating: "x", count: 256) + "\r\n"
        #expect(try await bench.post(simple, headers: long).status == 200)
        await bench.stop()
    }

    private struct Unavailable: RecordStore {
        let secret: RecordSecret?
        var status: RecordStoreStatus {
            var status = RecordStoreStatus(.sqlite)
            status.error = "away"
            return status
        }

        func claim(
            _ key: RecordKey, for message: MessageFingerprint,
            completion: @escaping @Sendable (Result<RecordDecision, RecordStoreError>) -> Void
        ) -> Result<RecordDecision, RecordStoreError>? {
            .failure(.unavailable)
        }

        func startSending(
            _ key: RecordKey, completion: @escaping @Sendable (Result<Void, RecordStoreError>) -> Void
        ) -> Result<Void, RecordStoreError>? {
            .failure(.unavailable)
        }

        func end(_ key: RecordKey, as end: RecordEnd, completion: @escaping @Sendable () -> Void) -> Bool { true }
        func close() {}
    }

    @Test(arguments: [true, false]) func aStoreThatCannotBeAsked(_ wasReached: Bool) async throws {
        let store = Unavailable(secret: wasReached ? RecordSecret() : nil)
        let bench = try await Bench.start([:], store: store, scripts: [greeting + envelope + taken])
        let answer = try await bench.post(simple, headers: key)
        #expect(answer.status == 503)
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(bench.relay.connections == 0)
        #expect(try await bench.post(simple).status == 200)
        await bench.stop()
    }
}
