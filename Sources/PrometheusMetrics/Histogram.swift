/// Counts durations in buckets. Recording takes no lock.
///
/// As with a ``Counter``, threads that record often have one each.
public final class Histogram: Sendable {
    /// The upper bounds of the buckets in nanoseconds, in ascending order.
    private let bounds: [Int]
    /// One more than there are bounds: the last is for what is above all of them.
    private let buckets: [Counter]
    private let total = Counter()

    init(_ bounds: [Int]) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// How many durations fell into each bucket, and their sum in nanoseconds.
    public var value: (counts: [Int], sum: Int) { (buckets.map(\.value), total.value) }

    /// Counts a duration.
    public func record(nanoseconds: Int) {
        buckets[bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count].increment()
        total.increment(by: nanoseconds)
    }
}
