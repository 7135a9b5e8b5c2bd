/// Gives a relay up for a while when it has failed several times in a row, so that messages do not wait for it.
///
/// A value without a clock: the time of each event is passed in. It is closed while the relay answers; open once it has
/// failed `failures` times without a success in between; and half-open after the pause, when a single message, or a probe,
/// tries the relay and decides.
struct CircuitBreaker {
    enum State: Equatable {
        case closed(failures: Int)
        case open(until: ContinuousClock.Instant)
        case halfOpen
    }

    enum Admission: Equatable {
        /// The relay may be used.
        case pass
        /// The relay is not used for so long.
        case refuse(retryAfter: Duration)
    }

    private(set) var state = State.closed(failures: 0)
    private let failures: Int
    private let pause: Duration

    init(failures: Int, pause: Duration) {
        self.failures = failures
        self.pause = pause
    }

    /// Whether every message may pass and nothing has to be counted on success.
    var isUntroubled: Bool { state == .closed(failures: 0) }

    /// A message wants to be sent. After the pause the first one passes, and the others wait for its result.
    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: return .pass
        case .open(let end) where now >= end:
            state = .halfOpen
            return .pass
        case .open(let end): return .refuse(retryAfter: end - now)
        case .halfOpen: return .refuse(retryAfter: pause)
        }
    }

    /// The relay answered, be it that it refused the message.
    ///
    /// While the breaker is open, that is the late answer to a message from before and says nothing about now.
    mutating func succeeded() {
        if case .open = state { return }
        state = .closed(failures: 0)
    }

    /// The relay could not be used.
    ///
    /// - Returns: whether the breaker has opened with that.
    mutating func failed(at now: ContinuousClock.Instant) -> Bool {
        switch state {
        case .closed(let before) where before + 1 < failures:
            state = .closed(failures: before + 1)
            return false
        case .closed, .halfOpen:
            state = .open(until: now + pause)
            return true
        case .open: return false
        }
    }

    /// The attempt of a message that had passed was inconclusive: the next one may try.
    mutating func gaveUp(at now: ContinuousClock.Instant) {
        if state == .halfOpen { state = .open(until: now) }
    }

    /// A probe in the background found the relay well: what was counted against it is forgotten.
    mutating func probeSucceeded() {
        state = .closed(failures: 0)
    }
}

extension CircuitBreaker.State {
    /// 0 closed, 1 half-open, 2 open.
    var figure: Double {
        switch self {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
    }
}
