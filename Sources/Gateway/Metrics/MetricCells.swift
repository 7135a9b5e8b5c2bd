internal import CoreMetrics
internal import Synchronization

/// Counts. Each call of the factory makes a cell of its own, so that threads that count do not share one.
final class CounterCell: CounterHandler, Sendable {
    private let count = Atomic<Int64>(0)

    var value: Double { Double(count.load(ordering: .relaxed)) }

    func increment(by amount: Int64) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        count.store(0, ordering: .relaxed)
    }
}

/// Holds the last value.
final class GaugeCell: RecorderHandler, Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func record(_ value: Int64) {
        record(Double(value))
    }

    func record(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }
}

/// Counts durations in buckets.
final class HistogramCell: TimerHandler, Sendable {
    private let bounds: [Int]
    /// One more than there are bounds: the last is for what is above all of them.
    private let buckets: [CounterCell]
    private let total = Atomic<Int64>(0)

    init(_ bounds: [Int]) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in CounterCell() }
    }

    /// How many durations fell into each bucket, and their sum in nanoseconds.
    var value: (buckets: [Double], sum: Double) {
        (buckets.map(\.value), Double(total.load(ordering: .relaxed)))
    }

    func recordNanoseconds(_ duration: Int64) {
        buckets[bounds.firstIndex { duration <= $0 } ?? bounds.count].increment(by: 1)
        total.wrappingAdd(duration, ordering: .relaxed)
    }
}
