/// How many messages go to a relay in each of some windows: never more than so many in any span of that length, and within
/// it as fast as they come, in their order.
///
/// A value without a clock: the time is passed in.
struct MessageRate {
    enum Turn: Equatable {
        /// The message may be sent after so long.
        case after(Duration)
        /// The wait would be longer than the message may wait; after so long it would not.
        case refuse(retryAfter: Duration)
    }

    /// The turns of one window, as many of the last ones as it allows.
    private struct Window {
        let rate: Rate
        private var turns: [ContinuousClock.Instant] = []
        /// Where the oldest turn stands, once there are as many as are allowed.
        private var oldest = 0

        init(_ rate: Rate) {
            self.rate = rate
        }

        /// When the next turn comes.
        var next: ContinuousClock.Instant? {
            turns.count < rate.count ? nil : turns[oldest] + rate.period
        }

        mutating func take(_ turn: ContinuousClock.Instant) {
            guard turns.count == rate.count else {
                turns.append(turn)
                return
            }
            turns[oldest] = turn
            oldest = (oldest + 1) % rate.count
        }
    }

    private var windows: [Window]
    private var last: ContinuousClock.Instant?

    init(_ rates: [Rate]) {
        windows = rates.map { Window($0) }
    }

    /// Takes the next turn, where it comes within the patience of the message.
    mutating func takeTurn(at now: ContinuousClock.Instant, patience: Duration) -> Turn {
        // Nobody goes before those who wait already.
        let turn = windows.reduce(max(now, last ?? now)) { max($0, $1.next ?? $0) }
        let wait = turn - now
        guard wait <= patience else { return .refuse(retryAfter: wait - patience) }
        for index in windows.indices { windows[index].take(turn) }
        last = turn
        return .after(wait)
    }
}
