import Settings
import Synchronization
import TestSupport
import Testing

@testable import Gateway
@testable import Records

/// A relay's rate that instances share by their store.
@Suite(.timeLimit(.minutes(1))) struct SharedRateTests {
    /// A store that gives turns as it is told.
    final class Turns: RecordStore {
        let secret: RecordSecret? = nil
        let status = RecordStoreStatus(.postgresql)
        let sharesTurns = true
        private let state: Mutex<(turns: [Turn?], requests: [TurnRequest])>

        /// - Parameter turns: nil for a store that does not answer.
        init(_ turns: [Turn?]) {
            state = Mutex((turns, []))
        }

        var requests: [TurnRequest] { state.withLock { $0.requests } }

        func takeTurn(_ request: TurnRequest) async throws(RecordStoreError) -> Turn? {
            let turn = state.withLock { state in
                state.requests.append(request)
                return state.turns.removeFirst()
            }
            guard let turn else { throw .unavailable }
            return turn
        }

        func claim(
            _ key: RecordKey, for message: MessageFingerprint,
            completion: @escaping @Sendable (Result<RecordDecision, RecordStoreError>) -> Void
        ) -> Result<RecordDecision, RecordStoreError>? {
            .success(.begun)
        }

        func startSending(
            _ key: RecordKey, completion: @escaping @Sendable (Result<Void, RecordStoreError>) -> Void
        ) -> Result<Void, RecordStoreError>? {
            .success(())
        }

        func end(_ key: RecordKey, as end: RecordEnd, completion: @escaping @Sendable () -> Void) -> Bool { true }
        func close() {}
    }

    private func bench(_ store: Turns, rate: String) async throws -> Bench {
        try await Bench.start(
            ["POSTERN_RELAY_RATE": rate, "POSTERN_QUEUE_TIMEOUT": "2s"], store: store,
            scripts: [greeting + envelope + taken + envelope + taken + envelope + taken])
    }

    @Test func allInstancesDecideWhoseTurnItIs() async throws {
        // This instance alone would send one message an hour.
        let store = Turns([.after(.zero), .after(.milliseconds(20)), .refuse(retryAfter: .seconds(7))])
        let bench = try await bench(store, rate: "1/h 5/d")
        #expect(try await bench.post(simple).status == 200)
        #expect(try await bench.post(simple).status == 200)
        let refused = try await bench.post(simple)
        #expect(refused.status == 503)
        #expect(refused.json["outcome"] as? String == "not_sent")
        #expect(refused.field("retry-after") == "7")
        #expect(try await bench.get("/metrics").text.contains(#"postern_throttled_total{relay="default"} 1"#))
        let request = try #require(store.requests.first)
        #expect(request.relay == "default")
        #expect(request.patience == .seconds(2))
        #expect(
            request.windows == [.init(count: 1, period: .seconds(3600)), .init(count: 5, period: .seconds(86_400))])
        await bench.stop()
    }

    /// A relay that a reload makes anew has sent what it has sent.
    @Test func aReloadDoesNotStartTheRateAnew() async throws {
        let relay = try await ScriptedRelay.start(scripts: [
            greeting + envelope + taken + [.silence], greeting + envelope + taken,
        ])
        let url = "smtp://127.0.0.1:\(relay.port)?tls=none"
        let settings = [
            "POSTERN_RELAY_URL": url, "POSTERN_RELAY_RATE": "1/h", "POSTERN_QUEUE_TIMEOUT": "2s",
            "POSTERN_HELO_NAME": "gate.example.org",
        ]
        let bench = try await Bench.start(settings, relay: relay)
        #expect(try await bench.post(simple).status == 200)
        let changed = settings.merging(["POSTERN_RELAY_CONNECTIONS": "2"]) { $1 }
        try await bench.gateway.reload(GatewayConfiguration(SettingValues(environment: changed)))
        #expect(try await bench.post(simple).status == 503)
        await bench.stop()
    }

    /// It counts what it sent before, too.
    @Test func withoutTheStoreAnInstanceLimitsItself() async throws {
        let store = Turns([.after(.zero), nil, nil])
        let bench = try await bench(store, rate: "2/h")
        #expect(try await bench.post(simple).status == 200)
        #expect(try await bench.post(simple).status == 200)
        #expect(try await bench.post(simple).status == 503)
        #expect(store.requests.count == 3)
        await bench.stop()
    }
}
