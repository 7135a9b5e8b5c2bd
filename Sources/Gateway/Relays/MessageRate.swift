internal import Records
internal import Settings

/// How many messages go to a relay in each of some windows: never more than so many in any span of that length, and within
/// it as fast as they come, in their order.
///
/// A value without a clock: the time is passed in.
struct MessageRate {
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

    /// Takes the next turn, if it comes within the patience of the message.
    mutating func takeTurn(at now: ContinuousClock.Instant, patience: Duration) -> Turn {
        // Nobody goes before those who wait already.
        let turn = windows.reduce(max(now, last ?? now)) { max($0, $1.next ?? $0) }
        let wait = turn - now
        guard wait <= patience else { return .refuse(retryAfter: wait - patience) }
        note(turn)
        return .after(wait)
    }

    /// Counts a turn that was given by somebody else: the instances that share the relay's rate.
    mutating func note(_ turn: ContinuousClock.Instant) {
        for index in windows.indices { windows[index].take(turn) }
        last = max(turn, last ?? turn)
    }
}
