/// How many messages a second go to a relay: each takes the next free turn, in the order in which they came.
///
/// A value without a clock: the time is passed in. Turns are evenly spaced, so that in no second there are more than
/// allowed; turns that nobody took are gone.
struct MessageRate {
    enum Turn: Equatable {
        /// The message may be sent after so long.
        case after(Duration)
        /// The wait would be longer than the message may wait; after so long it would not.
        case refuse(retryAfter: Duration)
    }

    private let interval: Duration
    private var next: ContinuousClock.Instant?

    /// - Parameter perSecond: messages a second, one at least.
    init(perSecond: Int) {
        interval = .seconds(1) / max(1, perSecond)
    }

    /// Takes the next turn, where it comes within the patience of the message.
    mutating func takeTurn(at now: ContinuousClock.Instant, patience: Duration) -> Turn {
        let turn = max(now, next ?? now)
        let wait = turn - now
        guard wait <= patience else { return .refuse(retryAfter: wait - patience) }
        next = turn + interval
        return .after(wait)
    }
}
