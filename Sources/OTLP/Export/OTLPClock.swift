internal import Tracing

/// The clock of ``OTLPExporter``. Tests replace it, so that they need not wait.
struct OTLPClock: Sendable {
    /// The time since a fixed point. It never goes back.
    let now: @Sendable () -> Duration
    /// Returns at a time of ``now``, or throws if the task is cancelled.
    let sleep: @Sendable (_ until: Duration) async throws -> Void
    /// Seconds since 1970, for a date in Retry-After.
    let date: @Sendable () -> Int64

    /// The system's clock, which goes on while the machine sleeps.
    static var system: OTLPClock {
        let start = ContinuousClock.now
        return OTLPClock(
            now: { start.duration(to: .now) },
            sleep: { until in try await ContinuousClock().sleep(until: start + until, tolerance: nil) },
            date: { Int64(DefaultTracerClock.now.nanosecondsSinceEpoch / 1_000_000_000) })
    }
}
