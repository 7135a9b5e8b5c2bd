public import Foundation

/// The clock of ``AccessTokens``. Tests replace it, so that they need not wait.
public struct TokenClock: Sendable {
    /// The time since a fixed point. It never goes back.
    public let now: @Sendable () -> Duration
    /// Returns at a time of ``now``, or throws if the task is cancelled.
    public let sleep: @Sendable (_ until: Duration) async throws -> Void
    /// The time of day, for assertions.
    public let date: @Sendable () -> Date

    /// Makes a clock.
    ///
    /// - Parameters:
    ///   - now: the time since a fixed point.
    ///   - sleep: returns at a time of `now`, or throws if the task is cancelled.
    ///   - date: the time of day.
    public init(
        now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (_ until: Duration) async throws -> Void,
        date: @escaping @Sendable () -> Date
    ) {
        self.now = now
        self.sleep = sleep
        self.date = date
    }

    /// The system's clock, which goes on while the machine sleeps.
    public static var system: TokenClock {
        let start = ContinuousClock.now
        return TokenClock(
            now: { start.duration(to: .now) },
            sleep: { until in try await ContinuousClock().sleep(until: start + until, tolerance: nil) },
            date: { Date() })
    }
}
