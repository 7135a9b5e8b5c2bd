import Logging
import Synchronization
import TestSupport
import Testing

@testable import Records

/// A clock that stands until it is moved.
final class StandingClock: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { instant.withLock { $0 } }

    func advance(by duration: Duration) {
        instant.withLock { $0 += duration }
    }
}

@Suite struct MemoryRecordStoreTests {
    let clock = StandingClock()
    let log = KeptLog()
    let message = MessageFingerprint(octets: [1])
    let other = MessageFingerprint(octets: [2])

    private func store(octets: Int = 1_000_000) -> MemoryRecordStore {
        MemoryRecordStore(
            RecordLimits(lifetime: .seconds(100), octets: octets), logger: log.logger,
            now: { [clock] in clock.now })
    }

    private func key(_ text: String, caller: String? = nil) -> RecordKey {
        RecordKey(caller: caller, text: text, index: nil)
    }

    private func response(_ body: String = "{}") -> KeptResponse {
        KeptResponse(status: 200, fields: [.init("Content-Type", "application/json")], body: Array(body.utf8))
    }

    @Test func aFinalAnswerIsReplayed() async throws {
        let store = store()
        #expect(try await store.claim(key("a"), for: message) == .begun)
        #expect(try await store.claim(key("a"), for: message) == .inFlight)
        #expect(try await store.claim(key("a"), for: other) == .otherMessage)
        await store.end(key("a"), as: .done(response("{1}")))
        #expect(try await store.claim(key("a"), for: message) == .replay(response("{1}")))
        #expect(try await store.claim(key("a"), for: message) == .replay(response("{1}")))
        #expect(try await store.claim(key("a"), for: other) == .otherMessage)
    }

    @Test func whatWasNotSentMayBeSentAgainAndNothingElse() async throws {
        let store = store()
        #expect(try await store.claim(key("a"), for: message) == .begun)
        await store.end(key("a"), as: .open)
        #expect(try await store.claim(key("a"), for: other) == .otherMessage)
        #expect(try await store.claim(key("a"), for: message) == .begun)
        #expect(try await store.claim(key("a"), for: message) == .inFlight)
        await store.end(key("a"), as: .done(response()))
        #expect(try await store.claim(key("a"), for: message) == .replay(response()))
    }

    @Test func keysOfTwoCallersAndOfPlacesInABatchAreTheirOwn() async throws {
        let store = store()
        #expect(try await store.claim(key("a", caller: "x"), for: message) == .begun)
        #expect(try await store.claim(key("a", caller: "y"), for: other) == .begun)
        #expect(try await store.claim(key("a"), for: other) == .begun)
        #expect(try await store.claim(RecordKey(caller: nil, text: "a", index: 0), for: other) == .begun)
        #expect(try await store.claim(RecordKey(caller: nil, text: "a", index: 1), for: other) == .begun)
    }

    @Test func timeBoundsWhatHasEndedAndNotWhatIsInFlight() async throws {
        let store = store()
        _ = try await store.claim(key("ended"), for: message)
        _ = try await store.claim(key("open"), for: message)
        _ = try await store.claim(key("under way"), for: message)
        await store.end(key("ended"), as: .done(response()))
        await store.end(key("open"), as: .open)
        clock.advance(by: .seconds(99))
        #expect(try await store.claim(key("ended"), for: message) == .replay(response()))
        #expect(try await store.claim(key("open"), for: other) == .otherMessage)
        clock.advance(by: .seconds(1))
        #expect(try await store.claim(key("ended"), for: other) == .begun)
        #expect(try await store.claim(key("open"), for: other) == .begun)
        #expect(try await store.claim(key("under way"), for: message) == .inFlight)
    }

    /// A key that is used again lives from its last answer on.
    @Test func aLaterAnswerCountsFromItsOwnTime() async throws {
        let store = store()
        _ = try await store.claim(key("a"), for: message)
        await store.end(key("a"), as: .open)
        clock.advance(by: .seconds(60))
        _ = try await store.claim(key("a"), for: message)
        clock.advance(by: .seconds(60))
        #expect(try await store.claim(key("a"), for: message) == .inFlight)
        await store.end(key("a"), as: .done(response()))
        clock.advance(by: .seconds(99))
        #expect(try await store.claim(key("a"), for: message) == .replay(response()))
    }

    @Test func memoryIsBounded() async throws {
        let store = store(octets: 100_000)
        let large = response(String(repeating: "x", count: 1000))
        for number in 0..<10_000 {
            #expect(try await store.claim(key("\(number)"), for: message) == .begun)
            await store.end(key("\(number)"), as: .done(large))
        }
        #expect(store.count < 100)
        #expect(try await store.claim(key("9999"), for: message) == .replay(large))
        #expect(try await store.claim(key("0"), for: message) == .begun)
        // The log is told, and not for each of them.
        #expect(log.all.count == 1)
        #expect(log.all.first?.level == .warning)
        clock.advance(by: .seconds(61))
        _ = try await store.claim(key("one more"), for: message)
        await store.end(key("one more"), as: .done(large))
        #expect(log.all.count == 2)
    }

    /// One key that is used again and again takes the room of one.
    @Test func oneKeyTakesTheRoomOfOne() async throws {
        let store = store(octets: 100_000)
        _ = try await store.claim(key("kept"), for: message)
        await store.end(key("kept"), as: .done(response()))
        for _ in 0..<100_000 {
            #expect(try await store.claim(key("again"), for: message) == .begun)
            await store.end(key("again"), as: .open)
        }
        #expect(store.count == 2)
        #expect(store.places < 200)
        #expect(try await store.claim(key("kept"), for: message) == .replay(response()))
        #expect(log.all.isEmpty)
    }

    @Test func whatIsInFlightIsNotEvicted() async throws {
        let store = store(octets: 70_000)
        for number in 0..<1000 { #expect(try await store.claim(key("\(number)"), for: message) == .begun) }
        #expect(store.count == 1000)
        #expect(try await store.claim(key("0"), for: message) == .inFlight)
    }
}
