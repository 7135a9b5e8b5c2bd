/// A metric that counts durations in buckets, with all its series.
public struct HistogramFamily: Hashable, Sendable {
    /// Its name, which ends in `_seconds`.
    public let name: String
    /// What is timed.
    public let help: String
    /// The upper bounds of the buckets in nanoseconds, in ascending order.
    public let bounds: [Int]
    /// Whether a series without a duration is left out: where many combinations of labels never occur.
    public let omitsZero: Bool

    /// Describes a metric.
    ///
    /// - Parameter bounds: the upper bounds of the buckets in nanoseconds, in ascending order.
    public init(_ name: String, bounds: [Int], omitsZero: Bool = false, _ help: String) {
        self.name = name
        self.help = help
        self.bounds = bounds
        self.omitsZero = omitsZero
    }
}
