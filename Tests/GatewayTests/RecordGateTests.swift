import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Gateway
@testable import Records

/// When a record of a message under a key is written, seen from the relay.
@Suite(.timeLimit(.minutes(1))) struct RecordGateTests {
    /// A store that says what it is asked, and what it answers at the gate.
    final class Witness: RecordStore {
        enum Event: Equatable {
            case claimed
            /// The gate, and what the relay had received then.
            case started(received: String)
            /// The status of the response that is kept; nil if none is.
            case ended(Int?)
        }

        let secret: RecordSecret? = RecordSecret(octets: [UInt8](repeating: 7, count: 32))
        let status = RecordStoreStatus(.sqlite)
        let decision: RecordDecision
        let gate: RecordStoreError?
        private let state = Mutex<(events: [Event], relay: ScriptedRelay?)>(([], nil))

        init(_ decision: RecordDecision = .begun, gate: RecordStoreError? = nil) {
            self.decision = decision
            self.gate = gate
        }

        var events: [Event] { state.withLock { $0.events } }

        func watch(_ relay: ScriptedRelay) { state.withLock { $0.relay = relay } }

        func claim(
            _ key: RecordKey, for message: MessageFingerprint,
            completion: @escaping @Sendable (Result<RecordDecision, RecordStoreError>) -> Void
        ) -> Result<RecordDecision, RecordStoreError>? {
            state.withLock { $0.events.append(.claimed) }
            return .success(decision)
        }

        func startSending(
            _ key: RecordKey, completion: @escaping @Sendable (Result<Void, RecordStoreError>) -> Void
        ) -> Result<Void, RecordStoreError>? {
            Task {
                // What a gateway that does not wait would have sent has arrived by then.
                try? await Task.sleep(for: .milliseconds(100))
                state.withLock { state in
                    state.events.append(.started(received: state.relay?.received.joined() ?? ""))
                }
                completion(gate.map { .failure($0) } ?? .success(()))
            }
            return nil
        }

        func end(_ key: RecordKey, as end: RecordEnd, completion: @escaping @Sendable () -> Void) -> Bool {
            state.withLock { $0.events.append(.ended(end.status)) }
            return true
        }

        func close() {}
    }

    private let key = "Idempotency-Key: order-7\r\n"

    private func bench(_ store: Witness, _ scripts: [ScriptedRelay.Step]...) async throws -> Bench {
        let bench = try await Bench.start(["POSTERN_RELAY_CONNECTIONS": "1"], store: store, scripts: scripts)
        store.watch(bench.relay)
        return bench
    }

    @Test func betweenTheEnvelopeAndTheContent() async throws {
        let store = Witness()
        let bench = try await bench(store, greeting + envelope + taken)
        #expect(try await bench.post(simple, headers: key).status == 200)
        let events = store.events
        try #require(events.count == 3)
        guard case .started(let received) = events[1] else {
            Issue.record("\(events)")
            return
        }
        // The relay has accepted the envelope, and nothing of the content has left.
        #expect(received.hasSuffix("DATA\r\n"))
        #expect(events[2] == .ended(200))
        await bench.stop()
    }

    @Test func aRefusedEnvelopeNeedsNoGate() async throws {
        let store = Witness()
        let refused: [ScriptedRelay.Step] = [
            .expectEnd("DATA\r\n"), .send("250 ok\r\n550 5.1.1 no such user\r\n503 no\r\n"),
        ]
        let bench = try await bench(store, greeting + refused)
        #expect(try await bench.post(simple, headers: key).status == 422)
        #expect(store.events == [.claimed, .ended(422)])
        await bench.stop()
    }

    /// The store does not answer, or another instance has the key: the message is aborted before its end.
    @Test(arguments: [RecordStoreError.unavailable, .lost]) func aShutGate(_ error: RecordStoreError) async throws {
        let store = Witness(gate: error)
        let bench = try await bench(store, greeting + envelope + taken, greeting + envelope + taken)
        let answer = try await bench.post(simple, headers: key)
        #expect(answer.status == 503)
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(answer.json["retryable"] as? Bool == true)
        #expect(answer.field("retry-after") != nil)
        #expect(store.events.last == .ended(nil))
        // Others go on, on a session of their own.
        #expect(try await bench.post(simple).status == 200)
        #expect(bench.relay.received.first?.hasSuffix("DATA\r\n") == true)
        await bench.stop()
    }

    /// The relay closes while it is being kept that the message may be sent. Nothing was sent: it may be sent again, and
    /// another relay is asked.
    @Test(arguments: [false, true]) func theRelayLeavesAtTheGate(_ hasAnother: Bool) async throws {
        let store = Witness()
        var settings = ["POSTERN_RELAY_CONNECTIONS": "1"]
        let other = try await ScriptedRelay.start(greeting + envelope + taken)
        if hasAnother {
            settings["POSTERN_RELAY_BACKUP_URL"] = "smtp://127.0.0.1:\(other.port)?tls=none"
            settings["POSTERN_ROUTES"] = "*=default>backup"
        }
        let bench = try await Bench.start(settings, store: store, scripts: [greeting + envelope + [.close]])
        store.watch(bench.relay)
        let answer = try await bench.post(simple, headers: key)
        #expect(answer.status == (hasAnother ? 200 : 502))
        #expect(store.events.last == .ended(hasAnother ? 200 : nil))
        if !hasAnother { #expect(answer.json["outcome"] as? String == "not_sent") }
        #expect(other.connections == (hasAnother ? 1 : 0))
        await bench.stop()
        await other.stop()
    }

    /// With one session and several messages, envelopes go out behind the content of others; each waits at its own gate.
    @Test func chainedMessagesPassTheirOwnGates() async throws {
        let store = Witness()
        let script = greeting + envelope + taken + envelope + taken + envelope + taken + envelope + taken
        let bench = try await bench(store, script)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<4 {
                group.addTask { try await bench.post(simple, headers: "Idempotency-Key: chain-\(number)\r\n").status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [200, 200, 200, 200])
        let gates = store.events.compactMap { event -> Int? in
            guard case .started(let received) = event else { return nil }
            return received.components(separatedBy: "\r\n.\r\n").count - 1
        }
        // At the gate of each, the content of those before it has gone out, and not its own.
        #expect(gates == [0, 1, 2, 3])
        await bench.stop()
    }

    @Test func whatAnInstanceLeftUnknownIsSaidInTheClientsDialect() async throws {
        let store = Witness(.unknown)
        let bench = try await bench(store, greeting + envelope + taken)
        let answer = try await bench.post(simple, headers: key)
        #expect(answer.status == 504)
        #expect(answer.json["outcome"] as? String == "unknown")
        #expect(answer.json["retryable"] as? Bool == false)
        #expect(answer.field("idempotency-replayed") == "true")
        let resend = try await bench.post(simple, path: "/emails", headers: key)
        #expect(resend.status == 409)
        #expect(resend.field("idempotency-replayed") == "true")
        #expect(bench.relay.connections == 0)
        #expect(!store.events.contains { $0 != .claimed })
        await bench.stop()
    }

    /// The same key is the same message, whoever sends it: two copies carry one Message-ID.
    @Test(arguments: [
        ("/messages", "application/json", simple),
        ("/messages", "application/x-www-form-urlencoded", "from=ann@example.org&to=bob@example.net&text=x"),
        ("/messages", "message/rfc822", "From: ann@example.org\r\nTo: bob@example.net\r\n\r\nx"),
        ("/messages/batch", "application/json", "[\(simple)]"),
        ("/emails", "application/json", #"{"from":"ann@example.org","to":"bob@example.net","subject":"x","text":"x"}"#),
    ])
    func theMessageIDFollowsFromTheKey(path: String, type: String, body: String) async throws {
        var identifiers: [String] = []
        for key in ["a", "a", "b"] {
            let store = Witness()
            let bench = try await bench(store, greeting + envelope + taken)
            let connection = try RawConnection(port: bench.gateway.address.port)
            try connection.send(
                "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\nIdempotency-Key: \(key)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try #require(await connection.readAnswer()).status == 200)
            let lines = bench.relay.received.joined().components(separatedBy: "\r\n")
            identifiers.append(try #require(lines.first { $0.lowercased().hasPrefix("message-id:") }))
            await bench.stop()
        }
        #expect(identifiers[0] == identifiers[1])
        #expect(identifiers[0] != identifiers[2])
    }

    /// The same over a restart, with a file.
    @Test func aRestartInBetween() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let settings = ["POSTERN_STORE": "sqlite:\(folder)/records.db", "POSTERN_RELAY_FINAL_REPLY_TIMEOUT": "100ms"]
        let script = greeting + envelope + taken + envelope + [.expectEnd("\r\n.\r\n"), .silence]
        var bench = try await Bench.start(settings, script)
        let first = try await bench.post(simple, headers: key)
        #expect(first.status == 200)
        let unknown = try await bench.post(simple, headers: "Idempotency-Key: silent\r\n")
        #expect(unknown.status == 504)
        await bench.stop()
        bench = try await Bench.start(settings, script)
        let again = try await bench.post(simple, headers: key)
        #expect(again.body == first.body)
        #expect(again.field("idempotency-replayed") == "true")
        #expect(try await bench.post(simple, headers: "Idempotency-Key: silent\r\n").body == unknown.body)
        #expect(bench.relay.connections == 0)
        #expect(try await bench.get("/readyz").text.contains(#""store":{"kind":"sqlite","status":"ok","error":null}"#))
        await bench.stop()
        try FileManager.default.removeItem(atPath: folder)
    }
}

extension RecordEnd {
    fileprivate var status: Int? {
        if case .done(let response) = self { response.status } else { nil }
    }
}
