/// When an access token is renewed and who gets which, as a value: no clock, no network. Times count from a fixed point.
///
/// | from | event | to |
/// |---|---|---|
/// | `empty`, `holding` whose time has come, `pausing` that is over | ``token(at:)``, ``wake(at:)`` | `renewing` |
/// | `renewing` | ``renewed(_:lifetime:at:)`` | `holding` |
/// | `renewing` | ``failed(_:jitter:at:)`` | `pausing` |
/// | `holding` | ``refused(_:reply:at:)`` | `renewing`; `pausing` if a refusal was the cause of a renewal a moment ago |
/// | all | ``stop()`` | `stopped` |
///
/// There is at most one request. It begins on the way to `renewing`, and ends with ``renewed(_:lifetime:at:)`` or
/// ``failed(_:jitter:at:)``, which may also come after ``stop()``.
struct TokenSchedule: Sendable {
    private enum State {
        /// Nobody has asked for a token yet.
        case empty
        /// A request is open. The old token serves as long as it is valid; nil if there is no old one, or if the relay refused
        /// it.
        case renewing(HeldToken?, failures: Int)
        /// A token is held, and no request is open.
        case holding(HeldToken)
        /// The last request failed, or its token was refused. The next one has to wait.
        case pausing(HeldToken?, Pause)
        /// Nothing is renewed any more. The last token serves as long as it is valid.
        case stopped(HeldToken?)
    }

    private struct Pause {
        let end: Duration
        /// How many requests failed one after the other.
        let failures: Int
        /// What a caller gets if there is no valid token.
        let error: AccessTokenError
    }

    /// What a caller gets.
    enum Answer: Equatable {
        /// The token that is held.
        case token(String)
        /// The result of the open request.
        case wait
        /// Why there is no token now.
        case failure(AccessTokenError)
    }

    /// The pause after the first failure; each failure after it doubles the pause.
    static let firstPause: Duration = .seconds(1)
    /// The longest pause that Postern takes by itself.
    static let longestPause: Duration = .seconds(60)
    /// The time after a renewal for a refused token in which another refusal does not renew again.
    static let refusalPause: Duration = .seconds(60)

    private var state = State.empty
    /// When a refusal was last the cause of a renewal.
    private var forced: Duration?

    /// When ``wake(at:)`` has something to do; nil if it has not.
    var wakeTime: Duration? {
        switch state {
        case .empty, .renewing, .stopped: nil
        case .holding(let held): held.renewal
        case .pausing(_, let pause): pause.end
        }
    }

    /// Decides what a caller gets who asks for a token.
    ///
    /// - Returns: the answer, and whether a request has to be begun.
    mutating func token(at now: Duration) -> (Answer, begins: Bool) {
        // If the timer is late, the caller does its work.
        var begins = wake(at: now)
        if case .empty = state {
            state = .renewing(nil, failures: 0)
            begins = true
        }
        switch state {
        case .renewing(let held?, _) where held.isValid(at: now): return (.token(held.token), begins)
        case .renewing, .empty: return (.wait, begins)
        case .holding(let held):
            // A token that lives for seconds ends before its renewal is due.
            guard !held.isValid(at: now) else { return (.token(held.token), false) }
            state = .renewing(nil, failures: 0)
            return (.wait, true)
        case .pausing(let held?, _) where held.isValid(at: now): return (.token(held.token), false)
        case .pausing(_, let pause): return (.failure(pause.error), false)
        case .stopped(let held?) where held.isValid(at: now): return (.token(held.token), false)
        case .stopped: return (.failure(.stopped), false)
        }
    }

    /// The time that ``wakeTime`` named has come.
    ///
    /// - Returns: whether a request has to be begun.
    mutating func wake(at now: Duration) -> Bool {
        switch state {
        case .holding(let held) where now >= held.renewal: state = .renewing(held, failures: 0)
        case .pausing(let held, let pause) where now >= pause.end:
            state = .renewing(held, failures: pause.failures)
        case .empty, .renewing, .holding, .pausing, .stopped: return false
        }
        return true
    }

    /// The request brought a token.
    ///
    /// - Parameters:
    ///   - token: the token.
    ///   - lifetime: how long it is valid.
    ///   - now: when the request was begun: the lifetime may count from any moment since then.
    mutating func renewed(_ token: String, lifetime: Duration, at now: Duration) {
        let held = HeldToken(token, lifetime: lifetime, at: now)
        switch state {
        case .stopped: state = .stopped(held)
        case .empty, .renewing, .holding, .pausing: state = .holding(held)
        }
    }

    /// The request failed.
    ///
    /// - Parameters:
    ///   - error: why. If the endpoint asks for a longer pause than the schedule's own, it gets that.
    ///   - jitter: between 0 and 1. The pause is shortened by up to half of it, so that instances do not ask at
    ///     the same moment.
    mutating func failed(_ error: AccessTokenError, jitter: Double, at now: Duration) {
        guard case .renewing(let held, let failures) = state else { return }
        // Six doublings exceed the longest pause.
        let doubled = min(Self.firstPause * (1 << min(failures, 6)), Self.longestPause)
        let pause = doubled * (1 - min(max(jitter, 0), 1) / 2)
        state = .pausing(
            held, Pause(end: now + max(pause, error.retryAfter ?? .zero), failures: failures + 1, error: error))
    }

    /// A relay refused a token. It is not handed out again, unless a renewal gives it again.
    ///
    /// - Parameters:
    ///   - token: the token. If another one is held by now, nothing happens.
    ///   - reply: the relay's reply, if it is known.
    /// - Returns: whether a request has to be begun.
    mutating func refused(_ token: String, reply: String?, at now: Duration) -> Bool {
        switch state {
        case .holding(let held) where held.token == token:
            if let forced, now < forced + Self.refusalPause {
                // The relay refuses a new token too: yet another one would not help.
                let error = AccessTokenError.refusedByRelay(
                    "The relay refused a new access token too", reply: reply, token: token)
                state = .pausing(nil, Pause(end: forced + Self.refusalPause, failures: 0, error: error))
                return false
            }
            forced = now
            state = .renewing(nil, failures: 0)
            return true
        case .renewing(let held?, let failures) where held.token == token: state = .renewing(nil, failures: failures)
        case .pausing(let held?, let pause) where held.token == token: state = .pausing(nil, pause)
        case .stopped(let held?) where held.token == token: state = .stopped(nil)
        case .empty, .renewing, .holding, .pausing, .stopped: break
        }
        return false
    }

    /// Ends the renewals. The open request may still end.
    mutating func stop() {
        switch state {
        case .empty: state = .stopped(nil)
        case .renewing(let held, _), .pausing(let held, _): state = .stopped(held)
        case .holding(let held): state = .stopped(held)
        case .stopped: break
        }
    }
}
