/// The identifier of a trace: 16 octets, not all zero (W3C Trace Context, section 3.2.2.3).
struct TraceID: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    /// - Returns: nil if both halves are zero.
    init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// A random identifier.
    init(using generator: inout some RandomNumberGenerator) {
        high = .random(in: 0...UInt64.max, using: &generator)
        // A low half that is not zero is enough, and ratios are measured by it.
        low = .random(in: 1...UInt64.max, using: &generator)
    }
}
