internal import Synchronization

/// A value that goes up and down; the last one that was set is exported. Setting takes no lock.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    /// The last value that was set; at first 0.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    /// Sets the value.
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }
}
