import Testing

@testable import Gateway

/// A value that a test changes inside an expectation.
private final class Changing<Value> {
    private(set) var value: Value

    init(_ value: Value) {
        self.value = value
    }

    func callAsFunction<Result>(_ change: (inout Value) -> Result) -> Result { change(&value) }
}

@Suite struct CircuitBreakerTests {
    let start = ContinuousClock.now

    private func opened() -> Changing<CircuitBreaker> {
        let breaker = Changing(CircuitBreaker(failures: 3, pause: .seconds(10)))
        _ = breaker { $0.failed(at: start) }
        _ = breaker { $0.failed(at: start) }
        #expect(breaker({ $0.failed(at: start) }))
        return breaker
    }

    @Test func itOpensAfterSoManyFailuresInARow() {
        let breaker = Changing(CircuitBreaker(failures: 3, pause: .seconds(10)))
        #expect(breaker.value.isUntroubled)
        #expect(!breaker({ $0.failed(at: start) }))
        #expect(!breaker({ $0.failed(at: start) }))
        breaker { $0.succeeded() }
        #expect(breaker.value.isUntroubled)
        #expect(!breaker({ $0.failed(at: start) }))
        #expect(!breaker({ $0.failed(at: start) }))
        #expect(breaker({ $0.admit(at: start) }) == .pass)
        #expect(breaker({ $0.failed(at: start) }))
        #expect(breaker({ $0.admit(at: start) }) == .refuse(retryAfter: .seconds(10)))
        #expect(breaker({ $0.admit(at: start + .seconds(4)) }) == .refuse(retryAfter: .seconds(6)))
    }

    @Test func afterThePauseOneMessageTriesAndASuccessCloses() {
        let breaker = opened()
        #expect(breaker({ $0.admit(at: start + .seconds(10)) }) == .pass)
        #expect(breaker.value.state == .halfOpen)
        #expect(breaker({ $0.admit(at: start + .seconds(10)) }) == .refuse(retryAfter: .seconds(10)))
        breaker { $0.succeeded() }
        #expect(breaker.value.isUntroubled)
        #expect(breaker({ $0.admit(at: start + .seconds(11)) }) == .pass)
    }

    @Test func aFailedTrialOpensItAgainForAWholePause() {
        let breaker = opened()
        #expect(breaker({ $0.admit(at: start + .seconds(12)) }) == .pass)
        #expect(breaker({ $0.failed(at: start + .seconds(13)) }))
        #expect(breaker({ $0.admit(at: start + .seconds(14)) }) == .refuse(retryAfter: .seconds(9)))
        #expect(breaker({ $0.admit(at: start + .seconds(23)) }) == .pass)
    }

    @Test func aTrialThatCameToNothingLetsTheNextOneTry() {
        let breaker = opened()
        #expect(breaker({ $0.admit(at: start + .seconds(10)) }) == .pass)
        breaker { $0.gaveUp(at: start + .seconds(11)) }
        #expect(breaker({ $0.admit(at: start + .seconds(11)) }) == .pass)
        #expect(breaker({ $0.admit(at: start + .seconds(11)) }) == .refuse(retryAfter: .seconds(10)))
    }

    @Test func lateResultsOfMessagesFromBeforeChangeNothing() {
        let breaker = opened()
        breaker { $0.succeeded() }
        #expect(!breaker({ $0.failed(at: start + .seconds(9)) }))
        #expect(breaker({ $0.admit(at: start + .seconds(9)) }) == .refuse(retryAfter: .seconds(1)))
        breaker { $0.gaveUp(at: start) }
        #expect(breaker.value.state == .open(until: start + .seconds(10)))
    }

    @Test func aProbeThatSucceedsClosesIt() {
        let breaker = opened()
        breaker { $0.probeSucceeded() }
        #expect(breaker.value.isUntroubled)
    }
}

@Suite struct MessageRateTests {
    let start = ContinuousClock.now

    @Test func turnsAreEvenlySpacedInTheOrderOfArrival() {
        let rate = Changing(MessageRate(perSecond: 4))
        for turn in 0..<8 {
            #expect(rate({ $0.takeTurn(at: start, patience: .seconds(10)) }) == .after(.milliseconds(250 * turn)))
        }
    }

    @Test func whoWouldWaitTooLongIsToldWhenItIsWorthTryingAgain() {
        let rate = Changing(MessageRate(perSecond: 2))
        for _ in 0..<5 { _ = rate { $0.takeTurn(at: start, patience: .seconds(2)) } }
        #expect(rate({ $0.takeTurn(at: start, patience: .seconds(2)) }) == .refuse(retryAfter: .milliseconds(500)))
        // Refused ones take no turn: at the time that was told there is one.
        #expect(rate({ $0.takeTurn(at: start + .milliseconds(500), patience: .seconds(2)) }) == .after(.seconds(2)))
    }

    @Test func turnsThatNobodyTookAreGone() {
        let rate = Changing(MessageRate(perSecond: 10))
        _ = rate { $0.takeTurn(at: start, patience: .zero) }
        #expect(rate({ $0.takeTurn(at: start + .seconds(60), patience: .zero) }) == .after(.zero))
        #expect(
            rate({ $0.takeTurn(at: start + .seconds(60), patience: .zero) }) == .refuse(retryAfter: .milliseconds(100)))
    }
}
