/// The identifier of a span: 8 octets, not all zero (W3C Trace Context, section 3.2.2.4).
struct SpanID: Sendable, Hashable {
    let value: UInt64

    /// - Returns: nil if the value is zero.
    init?(_ value: UInt64) {
        guard value != 0 else { return nil }
        self.value = value
    }

    /// A random identifier.
    init(using generator: inout some RandomNumberGenerator) {
        value = .random(in: 1...UInt64.max, using: &generator)
    }
}
