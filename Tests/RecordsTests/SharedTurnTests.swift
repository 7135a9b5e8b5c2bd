import TestSupport
import Testing

@testable import Records

/// Instances that share a database take turns at a relay.
@Suite struct SharedTurnTests {
    typealias Place = DurableRecordStoreTests.Place

    private func request(
        _ windows: [(Int, Duration)], relay: String = "default", patience: Duration = .seconds(3600)
    ) -> TurnRequest {
        TurnRequest(
            relay: relay, windows: windows.map { .init(count: $0.0, period: $0.1) }, patience: patience)
    }

    private func wait(_ turn: Turn?) throws -> Duration {
        guard case .after(let wait) = try #require(turn) else {
            Issue.record("refused: \(String(describing: turn))")
            return .zero
        }
        return wait
    }

    @Test func instancesTogetherHaveOneRate() async throws {
        let place = try await Place(.postgresql)
        let stores = [try place.store(), try place.store()]
        let request = request([(3, .seconds(600))])
        #expect(stores[0].sharesTurns)
        for number in 0..<3 { #expect(try wait(await stores[number % 2].takeTurn(request)) == .zero) }
        let fourth = try wait(await stores[1].takeTurn(request))
        #expect(fourth > .seconds(500) && fourth <= .seconds(600))
        // Nobody goes before it.
        let fifth = try wait(await stores[0].takeTurn(request))
        #expect(fifth > .seconds(500) && fifth <= .seconds(600))
        let hasty = TurnRequest(relay: "default", windows: request.windows, patience: .seconds(5))
        guard case .refuse(let time) = try #require(try await stores[0].takeTurn(hasty)) else {
            Issue.record("a turn far away was given")
            return
        }
        #expect(time > .seconds(500) && time <= .seconds(595))
        // Other relays have turns of their own.
        let other = TurnRequest(relay: "o'ther", windows: request.windows, patience: .zero)
        #expect(try wait(await stores[1].takeTurn(other)) == .zero)
        for store in stores { await store.close() }
        try await place.remove()
    }

    @Test func noSpanHasMoreThanEachWindowAllows() async throws {
        let place = try await Place(.postgresql)
        let stores = [try place.store(), try place.store(), try place.store()]
        let request = request([(4, .seconds(1)), (10, .seconds(60))])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<36 {
                group.addTask { _ = try wait(await stores[number % 3].takeTurn(request)) }
            }
            try await group.waitForAll()
        }
        let server = try #require(place.server)
        let gaps = try await server.run(
            """
            SELECT count(*), count(DISTINCT t.number), max(t.number),
                min(extract(epoch FROM s.at - t.at)) >= 1, min(extract(epoch FROM m.at - t.at)) >= 60
            FROM postern_turn t
            LEFT JOIN postern_turn s ON s.relay = t.relay AND s.number = t.number + 4
            LEFT JOIN postern_turn m ON m.relay = t.relay AND m.number = t.number + 10
            """)
        #expect(gaps.contains("36|36|36|t|t"), "\(gaps)")
        for store in stores { await store.close() }
        try await place.remove()
    }

    @Test func turnsThatNoWindowHoldsAreForgotten() async throws {
        let place = try await Place(.postgresql)
        let store = try place.store()
        for _ in 0..<5 { _ = try await store.takeTurn(request([(10, .milliseconds(100))])) }
        let server = try #require(place.server)
        var rows = ""
        for _ in 0..<100 where !rows.hasPrefix("0") {
            try await Task.sleep(for: .milliseconds(50))
            rows = try await server.run("SELECT count(*) FROM postern_turn")
        }
        #expect(rows.hasPrefix("0"))
        #expect(try wait(await store.takeTurn(request([(1, .seconds(1))]))) == .zero)
        await store.close()
        try await place.remove()
    }

    @Test func aStoreThatIsAwayGivesNoTurns() async throws {
        let place = try await Place(.postgresql)
        let store = try place.store()
        try await place.server?.stop(removing: false)
        await #expect(throws: RecordStoreError.unavailable) {
            try await store.takeTurn(self.request([(1, .seconds(1))]))
        }
        try await place.server?.restart()
        for _ in 0..<200 where store.status.error != nil { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try wait(await store.takeTurn(request([(1, .seconds(1))]))) == .zero)
        await store.close()
        try await place.remove()
    }

    /// An administrator may have made the tables of an earlier version, and taken the right to make more.
    @Test func withoutATableOfTurnsEachInstanceLimitsItself() async throws {
        let place = try await Place(.postgresql)
        var store = try place.store()
        await store.close()
        let server = try #require(place.server)
        _ = try await server.run(
            """
            DROP TABLE postern_turn;
            CREATE ROLE app LOGIN PASSWORD 'secret';
            GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            """)
        store = try DurableRecordStore(
            PostgreSQLBackend(
                uri: server.uri.replacing("//postern:", with: "//app:"),
                limits: RecordLimits(lifetime: .seconds(60), octets: 1 << 20)),
            logger: KeptLog().logger)
        #expect(store.status.error == nil)
        #expect(try await store.takeTurn(request([(1, .seconds(1))])) == nil)
        #expect(store.secret != nil)
        await store.close()
        // The table is there, and is another role's.
        _ = try await server.run(
            "CREATE TABLE postern_turn (relay text, number int8, at timestamptz, expires timestamptz)")
        store = try DurableRecordStore(
            PostgreSQLBackend(
                uri: server.uri.replacing("//postern:", with: "//app:"),
                limits: RecordLimits(lifetime: .seconds(60), octets: 1 << 20)),
            logger: KeptLog().logger, pace: .milliseconds(20))
        try await Task.sleep(for: .milliseconds(200))
        #expect(store.status.error == nil)
        #expect(try await store.takeTurn(request([(1, .seconds(1))])) == nil)
        await store.close()
        try await place.remove()
    }

    @Test func aFileHasNoTurns() async throws {
        let place = try await Place(.sqlite)
        let store = try place.store()
        #expect(!store.sharesTurns)
        #expect(try await store.takeTurn(request([(1, .seconds(1))])) == nil)
        await store.close()
        try await place.remove()
    }
}
