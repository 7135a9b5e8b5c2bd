import TestSupport
import Testing

@testable import RelayAccess

@Suite struct TokenScheduleTests {
    /// A schedule whose calls may stand in an expectation.
    final class Schedule {
        private var value = TokenSchedule()

        var wakeTime: Duration? { value.wakeTime }
        func token(at now: Duration) -> (TokenSchedule.Answer, begins: Bool) { value.token(at: now) }
        func wake(at now: Duration) -> Bool { value.wake(at: now) }
        func refused(_ token: String, reply: String?, at now: Duration) -> Bool {
            value.refused(token, reply: reply, at: now)
        }
        func renewed(_ token: String, lifetime: Duration, at now: Duration) {
            value.renewed(token, lifetime: lifetime, at: now)
        }
        func failed(_ error: AccessTokenError, jitter: Double, at now: Duration) {
            value.failed(error, jitter: jitter, at: now)
        }
        func stop() { value.stop() }
    }

    let schedule = Schedule()
    let failure = AccessTokenError(.unreachable, isTemporary: true, "no endpoint")

    /// Asks for a token.
    private func ask(at seconds: Double) -> TokenSchedule.Answer {
        schedule.token(at: .seconds(seconds)).0
    }

    /// Asks for a token, with no request to be begun.
    private func asksQuietly(at seconds: Double) -> TokenSchedule.Answer? {
        let (answer, begins) = schedule.token(at: .seconds(seconds))
        return begins ? nil : answer
    }

    /// Gives the first token at the time 0.
    private func begin(_ token: String = "one", lifetime: Duration = .seconds(3600)) {
        #expect(schedule.token(at: .zero) == (.wait, true))
        schedule.renewed(token, lifetime: lifetime, at: .zero)
    }

    private func error(of answer: TokenSchedule.Answer?) -> AccessTokenError? {
        guard case .failure(let error)? = answer else { return nil }
        return error
    }

    @Test func theFirstWhoAsksBeginsTheOnlyRequest() {
        #expect(schedule.wakeTime == nil)
        #expect(schedule.token(at: .zero) == (.wait, true))
        #expect(schedule.token(at: .seconds(1)) == (.wait, false))
        #expect(schedule.wake(at: .seconds(2)) == false)
        #expect(schedule.wakeTime == nil)
        schedule.renewed("one", lifetime: .seconds(3600), at: .seconds(3))
        #expect(schedule.token(at: .seconds(3)) == (.token("one"), false))
    }

    @Test func aTokenIsRenewedBeforeItRunsOutAndServesMeanwhile() {
        begin()
        #expect(schedule.wakeTime == .seconds(3300))
        #expect(schedule.wake(at: .seconds(3299)) == false)
        #expect(schedule.wake(at: .seconds(3300)))
        #expect(asksQuietly(at: 3301) == .token("one"))
        schedule.renewed("two", lifetime: .seconds(3600), at: .seconds(3302))
        #expect(asksQuietly(at: 3302) == .token("two"))
        #expect(schedule.wakeTime == .seconds(6602))
    }

    @Test func whoAsksDoesTheWorkOfALateTimer() {
        begin()
        #expect(schedule.token(at: .seconds(3400)) == (.token("one"), true))
        #expect(schedule.token(at: .seconds(3400)) == (.token("one"), false))
    }

    @Test func aTokenThatRanOutIsNotHandedOut() {
        begin()
        #expect(schedule.wake(at: .seconds(3300)))
        #expect(asksQuietly(at: 3569) == .token("one"))
        // Half a minute before its end.
        #expect(asksQuietly(at: 3570) == .wait)
        schedule.failed(failure, jitter: 0, at: .seconds(3571))
        #expect(asksQuietly(at: 3571) == .failure(failure))
    }

    @Test(
        arguments: [
            (lifetime: 86_400.0, renewal: 86_100.0, end: 86_370.0), (3600, 3300, 3570), (600, 480, 570), (60, 48, 57),
            (20, 16, 19), (5, 10, 4.75), (1, 10, 0.95),
        ]) func renewalLeavesTimeForFailuresAndMostOfTheLifeInUse(lifetime: Double, renewal: Double, end: Double)
    {
        let held = HeldToken("one", lifetime: .seconds(lifetime), at: .seconds(100))
        #expect(held.renewal == .seconds(100) + .seconds(renewal))
        #expect(held.end == .seconds(100) + .seconds(lifetime) - min(.seconds(lifetime) / 20, .seconds(30)))
        #expect(abs((held.end - .seconds(100 + end)) / .seconds(1)) < 0.001)
    }

    @Test func aTokenOfSecondsIsRenewedForThoseWhoAskOnly() {
        begin(lifetime: .seconds(5))
        #expect(asksQuietly(at: 4) == .token("one"))
        #expect(schedule.token(at: .seconds(5)) == (.wait, true))
        #expect(asksQuietly(at: 5) == .wait)
    }

    @Test func pausesAfterFailuresGrow() {
        #expect(ask(at: 0) == .wait)
        var now = Duration.zero
        var pauses: [Duration] = []
        for _ in 0..<9 {
            schedule.failed(failure, jitter: 0, at: now)
            let end = schedule.wakeTime ?? now
            pauses.append(end - now)
            #expect(schedule.token(at: end - .milliseconds(1)) == (.failure(failure), false))
            #expect(schedule.wake(at: end))
            now = end
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    }

    @Test func jitterShortensAPauseByUpToHalf() {
        _ = ask(at: 0)
        schedule.failed(failure, jitter: 1, at: .zero)
        #expect(schedule.wakeTime == .milliseconds(500))
        #expect(schedule.wake(at: .milliseconds(500)))
        schedule.failed(failure, jitter: 0.5, at: .milliseconds(500))
        #expect(schedule.wakeTime == .milliseconds(2000))
        #expect(schedule.wake(at: .milliseconds(2000)))
        schedule.failed(failure, jitter: 7, at: .milliseconds(2000))
        #expect(schedule.wakeTime == .milliseconds(4000))
    }

    @Test func aSuccessEndsTheGrowth() {
        _ = ask(at: 0)
        schedule.failed(failure, jitter: 0, at: .zero)
        #expect(schedule.wake(at: .seconds(1)))
        schedule.failed(failure, jitter: 0, at: .seconds(1))
        #expect(schedule.wake(at: .seconds(3)))
        schedule.renewed("one", lifetime: .seconds(3600), at: .seconds(3))
        #expect(schedule.wake(at: .seconds(3303)))
        schedule.failed(failure, jitter: 0, at: .seconds(3303))
        #expect(schedule.wakeTime == .seconds(3304))
    }

    @Test func theEndpointMayAskForALongerPauseAndNotForAShorterOne() {
        func throttled(_ wait: Duration) -> AccessTokenError {
            AccessTokenError(.refused, isTemporary: true, retryAfter: wait, "throttled")
        }
        _ = ask(at: 0)
        schedule.failed(throttled(.seconds(120)), jitter: 1, at: .zero)
        #expect(schedule.wakeTime == .seconds(120))
        #expect(error(of: asksQuietly(at: 119)) == throttled(.seconds(120)))
        #expect(schedule.token(at: .seconds(120)) == (.wait, true))
        schedule.failed(throttled(.zero), jitter: 0, at: .seconds(120))
        #expect(schedule.wakeTime == .seconds(122))
    }

    @Test func aValidTokenServesInSpiteOfFailures() {
        begin()
        #expect(schedule.wake(at: .seconds(3300)))
        schedule.failed(failure, jitter: 0, at: .seconds(3301))
        #expect(asksQuietly(at: 3301) == .token("one"))
        // The pause is over, and the one who asks does not wait for the request.
        #expect(schedule.token(at: .seconds(3302)) == (.token("one"), true))
        schedule.failed(failure, jitter: 0, at: .seconds(3303))
        #expect(asksQuietly(at: 3304) == .token("one"))
        #expect(schedule.wake(at: .seconds(3305)))
        schedule.renewed("two", lifetime: .seconds(3600), at: .seconds(3306))
        #expect(asksQuietly(at: 3306) == .token("two"))
    }

    @Test func aRefusalRenewsOnce() {
        begin()
        #expect(schedule.refused("one", reply: nil, at: .seconds(10)))
        #expect(schedule.refused("one", reply: nil, at: .seconds(10)) == false)
        #expect(asksQuietly(at: 10) == .wait)
        schedule.renewed("two", lifetime: .seconds(3600), at: .seconds(11))
        // Another session had the old one.
        #expect(schedule.refused("one", reply: nil, at: .seconds(11)) == false)
        #expect(asksQuietly(at: 11) == .token("two"))
    }

    @Test func theRefusalOfTheNewTokenDoesNotRenewForAMinute() throws {
        begin()
        #expect(schedule.refused("one", reply: nil, at: .seconds(10)))
        schedule.renewed("two", lifetime: .seconds(3600), at: .seconds(11))
        #expect(schedule.refused("two", reply: "535 5.7.3 Authentication unsuccessful", at: .seconds(12)) == false)
        let told = try #require(error(of: asksQuietly(at: 12)))
        #expect(told.kind == .refusedByRelay)
        #expect(told.description.contains("535 5.7.3 Authentication unsuccessful"))
        #expect(told.description.contains("SMTP.SendAsApp"))
        #expect(schedule.wakeTime == .seconds(70))
        #expect(error(of: asksQuietly(at: 69)) == told)
        #expect(schedule.wake(at: .seconds(70)))
        schedule.renewed("three", lifetime: .seconds(3600), at: .seconds(71))
        #expect(asksQuietly(at: 71) == .token("three"))
        #expect(schedule.refused("three", reply: nil, at: .seconds(72)))
    }

    @Test func aRefusedTokenComesBackOnlyByARenewal() {
        begin()
        #expect(schedule.refused("one", reply: nil, at: .seconds(10)))
        schedule.renewed("one", lifetime: .seconds(3590), at: .seconds(11))
        #expect(asksQuietly(at: 11) == .token("one"))
    }

    @Test func aRefusalWhileARequestRunsBeginsNoOther() {
        begin()
        #expect(schedule.wake(at: .seconds(3300)))
        #expect(schedule.refused("one", reply: nil, at: .seconds(3301)) == false)
        #expect(asksQuietly(at: 3301) == .wait)
        schedule.failed(failure, jitter: 0, at: .seconds(3302))
        #expect(asksQuietly(at: 3302) == .failure(failure))
    }

    @Test func aRefusalInAPauseDoesNotShortenIt() {
        begin()
        #expect(schedule.wake(at: .seconds(3300)))
        schedule.failed(failure, jitter: 0, at: .seconds(3300))
        #expect(schedule.refused("one", reply: nil, at: .milliseconds(3_300_500)) == false)
        #expect(asksQuietly(at: 3300.5) == .failure(failure))
        #expect(schedule.wakeTime == .seconds(3301))
    }

    @Test func afterAStopNothingIsRenewedAndTheLastTokenServes() {
        begin()
        schedule.stop()
        #expect(schedule.wakeTime == nil)
        #expect(schedule.wake(at: .seconds(3300)) == false)
        #expect(asksQuietly(at: 3300) == .token("one"))
        #expect(schedule.refused("one", reply: nil, at: .seconds(3300)) == false)
        #expect(asksQuietly(at: 3300) == .failure(.stopped))
    }

    @Test func aRequestThatEndsAfterAStopCountsAndIsTheLast() {
        _ = ask(at: 0)
        schedule.stop()
        schedule.stop()
        schedule.renewed("one", lifetime: .seconds(3600), at: .seconds(1))
        #expect(asksQuietly(at: 1) == .token("one"))
        #expect(asksQuietly(at: 3571) == .failure(.stopped))
        schedule.failed(failure, jitter: 0, at: .seconds(3572))
        #expect(schedule.wakeTime == nil)
    }

    @Test(arguments: [true, false]) func aStopEndsAPauseToo(isHeld: Bool) {
        if isHeld { begin() } else { _ = ask(at: 0) }
        _ = schedule.wake(at: .seconds(3300))
        schedule.failed(failure, jitter: 0, at: .seconds(3300))
        schedule.stop()
        #expect(schedule.wakeTime == nil)
        #expect(asksQuietly(at: 3400) == (isHeld ? .token("one") : .failure(.stopped)))
    }

    /// Whatever comes in whatever order: one request at a time, no refused token, no token after its end, and no more
    /// requests than the pauses allow.
    @Test(arguments: 0..<20) func noOrderOfEventsBreaksTheRules(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now = Duration.zero
        var isOpen = false
        var requests = 0
        var given: [String: Duration] = [:]
        var refused = Set<String>()
        for step in 0..<3000 {
            now += .milliseconds(Int(random.next() % 20_000))
            var begins = false
            switch random.next() % 6 {
            case 0, 1, 2:
                let (answer, begun) = schedule.token(at: now)
                begins = begun
                switch answer {
                case .token(let token):
                    #expect(!refused.contains(token))
                    #expect(given[token].map { now < $0 } == true)
                case .wait: #expect(isOpen || begun)
                case .failure: #expect(!isOpen)
                }
            case 3: begins = schedule.wake(at: now)
            case 4 where isOpen:
                isOpen = false
                if random.next() % 3 == 0 {
                    schedule.failed(failure, jitter: 0, at: now)
                } else {
                    let lifetime = Duration.seconds(Int(random.next() % 600) + 1)
                    given["\(step)"] = now + lifetime
                    schedule.renewed("\(step)", lifetime: lifetime, at: now)
                }
            default:
                guard let token = given.keys.sorted().randomElement(using: &random) else { break }
                refused.insert(token)
                begins = schedule.refused(token, reply: nil, at: now)
            }
            if begins {
                #expect(!isOpen)
                isOpen = true
                requests += 1
            }
        }
        #expect(requests > 20)
    }
}
