import Logging
import Synchronization
import Testing

@testable import Gateway
@testable import HTTPServer

/// A clock that stands until it is moved.
final class StandingClock: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { instant.withLock { $0 } }

    func advance(by duration: Duration) {
        instant.withLock { $0 += duration }
    }
}

@Suite struct IdempotencyStoreTests {
    let clock = StandingClock()
    let log = LogLines()
    let message = MessageFingerprint(octets: [1])
    let other = MessageFingerprint(octets: [2])

    private func store(octets: Int = 1_000_000) -> MemoryIdempotencyStore {
        MemoryIdempotencyStore(
            IdempotencyLimits(lifetime: .seconds(100), octets: octets), logger: log.logger,
            now: { [clock] in clock.now })
    }

    private func key(_ text: String, caller: String? = nil) -> IdempotencyKey {
        IdempotencyKey(caller: caller, text: text)
    }

    private func answer(_ body: String = "{}") -> KeptAnswer {
        KeptAnswer(HTTPResponse(status: 200, headers: [("Content-Type", "application/json")], body: Array(body.utf8)))
    }

    @Test func aFinalAnswerIsReplayed() {
        let store = store()
        #expect(store.begin(key("a"), for: message) == .begun)
        #expect(store.begin(key("a"), for: message) == .inFlight)
        #expect(store.begin(key("a"), for: other) == .otherMessage)
        store.end(key("a"), keeping: answer("{1}"))
        #expect(store.begin(key("a"), for: message) == .replay(answer("{1}")))
        #expect(store.begin(key("a"), for: message) == .replay(answer("{1}")))
        #expect(store.begin(key("a"), for: other) == .otherMessage)
    }

    @Test func whatWasNotSentMayBeSentAgainAndNothingElse() {
        let store = store()
        #expect(store.begin(key("a"), for: message) == .begun)
        store.end(key("a"), keeping: nil)
        #expect(store.begin(key("a"), for: other) == .otherMessage)
        #expect(store.begin(key("a"), for: message) == .begun)
        #expect(store.begin(key("a"), for: message) == .inFlight)
        store.end(key("a"), keeping: answer())
        #expect(store.begin(key("a"), for: message) == .replay(answer()))
    }

    @Test func keysOfTwoCallersAndOfPlacesInABatchAreTheirOwn() {
        let store = store()
        #expect(store.begin(key("a", caller: "x"), for: message) == .begun)
        #expect(store.begin(key("a", caller: "y"), for: other) == .begun)
        #expect(store.begin(key("a"), for: other) == .begun)
        #expect(store.begin(key("a").at(0), for: other) == .begun)
        #expect(store.begin(key("a").at(1), for: other) == .begun)
    }

    @Test func timeBoundsWhatHasEndedAndNotWhatIsInFlight() {
        let store = store()
        _ = store.begin(key("ended"), for: message)
        _ = store.begin(key("open"), for: message)
        _ = store.begin(key("under way"), for: message)
        store.end(key("ended"), keeping: answer())
        store.end(key("open"), keeping: nil)
        clock.advance(by: .seconds(99))
        #expect(store.begin(key("ended"), for: message) == .replay(answer()))
        #expect(store.begin(key("open"), for: other) == .otherMessage)
        clock.advance(by: .seconds(1))
        #expect(store.begin(key("ended"), for: other) == .begun)
        #expect(store.begin(key("open"), for: other) == .begun)
        #expect(store.begin(key("under way"), for: message) == .inFlight)
    }

    /// A key that is used again lives from its last answer on.
    @Test func aLaterAnswerCountsFromItsOwnTime() {
        let store = store()
        _ = store.begin(key("a"), for: message)
        store.end(key("a"), keeping: nil)
        clock.advance(by: .seconds(60))
        _ = store.begin(key("a"), for: message)
        clock.advance(by: .seconds(60))
        #expect(store.begin(key("a"), for: message) == .inFlight)
        store.end(key("a"), keeping: answer())
        clock.advance(by: .seconds(99))
        #expect(store.begin(key("a"), for: message) == .replay(answer()))
    }

    @Test func memoryIsBounded() {
        let store = store(octets: 100_000)
        let large = answer(String(repeating: "x", count: 1000))
        for number in 0..<10_000 {
            #expect(store.begin(key("\(number)"), for: message) == .begun)
            store.end(key("\(number)"), keeping: large)
        }
        #expect(store.count < 100)
        #expect(store.begin(key("9999"), for: message) == .replay(large))
        #expect(store.begin(key("0"), for: message) == .begun)
        // The log is told, and not for each of them.
        #expect(log.all.count == 1)
        #expect(log.all.first?.level == .warning)
        clock.advance(by: .seconds(61))
        _ = store.begin(key("one more"), for: message)
        store.end(key("one more"), keeping: large)
        #expect(log.all.count == 2)
    }

    /// One key that is used again and again takes the room of one.
    @Test func oneKeyTakesTheRoomOfOne() {
        let store = store(octets: 100_000)
        _ = store.begin(key("kept"), for: message)
        store.end(key("kept"), keeping: answer())
        for _ in 0..<100_000 {
            #expect(store.begin(key("again"), for: message) == .begun)
            store.end(key("again"), keeping: nil)
        }
        #expect(store.count == 2)
        #expect(store.places < 200)
        #expect(store.begin(key("kept"), for: message) == .replay(answer()))
        #expect(log.all.isEmpty)
    }

    @Test func whatIsInFlightIsNotEvicted() {
        let store = store(octets: 70_000)
        for number in 0..<1000 { #expect(store.begin(key("\(number)"), for: message) == .begun) }
        #expect(store.count == 1000)
        #expect(store.begin(key("0"), for: message) == .inFlight)
    }
}
