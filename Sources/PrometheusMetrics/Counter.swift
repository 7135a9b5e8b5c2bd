public import Synchronization

/// A count that only grows. Counting takes no lock.
///
/// Threads that count often have a counter each, made for the same labels: ``MetricRegistry`` exports their sum.
///
/// ```swift
/// let sent = registry.counter(.messages, MetricLabels([("outcome", "accepted")]))
/// sent.increment()
/// ```
public final class Counter: Sendable {
    @usableFromInline let count = Atomic<Int>(0)

    init() {}

    /// What was counted so far.
    public var value: Int { count.load(ordering: .relaxed) }

    /// Counts.
    @inlinable public func increment(by amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }
}
