internal import Synchronization

/// Keeps lines that anybody can cause from filling the log: of each kind so many a second, and then how many were left out.
final class LineLimit: Sendable {
    private struct Second {
        var start: ContinuousClock.Instant
        var lines = 0
        var omitted = 0
    }

    /// Lines of a kind in a second.
    static let most = 10

    private let seconds = Mutex<[String: Second]>([:])

    /// Whether a line may be written, and how many of its kind were left out before it; nil if not.
    ///
    /// - Parameter kind: one of few.
    func admit(_ kind: String, at now: ContinuousClock.Instant = .now) -> Int? {
        seconds.withLock { seconds in
            var second = seconds[kind] ?? Second(start: now)
            defer { seconds[kind] = second }
            if now - second.start >= .seconds(1) {
                second.start = now
                second.lines = 0
            }
            guard second.lines < Self.most else {
                second.omitted += 1
                return nil
            }
            second.lines += 1
            defer { second.omitted = 0 }
            return second.omitted
        }
    }
}
