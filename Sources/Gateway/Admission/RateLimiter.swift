internal import Settings
internal import Synchronization

/// Counts against a rate, by the generic cell rate algorithm: one number, the time at which all that was taken will have
/// been earned again. Nothing is locked.
final class RateLimiter: Sendable {
    private let rate: Rate
    private let earned = Atomic<Int64>(.min)

    init(_ rate: Rate) {
        self.rate = rate
    }

    /// Whether so many can ever be taken at once.
    func allows(_ count: Int) -> Bool { Int64(count) * rate.interval <= rate.nanoseconds }

    /// Takes some, all or none.
    ///
    /// - Parameter now: nanoseconds of a clock that never goes back.
    /// - Returns: nil if there were so many, otherwise nanoseconds until there are.
    func take(_ count: Int = 1, now: Int64) -> Int64? {
        var before = earned.load(ordering: .relaxed)
        while true {
            switch Self.take(count, rate, from: before, now: now) {
            case .failure(let wait): return wait.nanoseconds
            case .success(let after):
                let (isDone, current) = earned.weakCompareExchange(
                    expected: before, desired: after, ordering: .relaxed)
                if isDone { return nil }
                before = current
            }
        }
    }

    /// Nanoseconds to wait.
    struct Wait: Error, Equatable {
        let nanoseconds: Int64
    }

    /// Some more, taken from what was earned: when all will have been earned again, or how long to wait.
    static func take(
        _ count: Int, _ rate: Rate, from earned: Int64, now: Int64
    ) -> Result<Int64, Wait> {
        let interval = Int64(count) * rate.interval
        let start = max(earned, now)
        let wait = start + interval - now - rate.nanoseconds
        return wait > 0 ? .failure(Wait(nanoseconds: wait)) : .success(start + interval)
    }
}
