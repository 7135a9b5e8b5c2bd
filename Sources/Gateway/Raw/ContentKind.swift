/// What octets a content holds (RFC 2045, sections 2.7 to 2.9).
struct ContentKind {
    /// Whether there are octets above 127, which only a server with 8BITMIME takes.
    private(set) var isEightBit = false
    /// Whether there is a NUL, which no message may hold.
    private(set) var hasNull = false

    /// Looks at a piece.
    mutating func take(_ octets: some Sequence<UInt8>) {
        var union: UInt8 = 0
        var nulls: UInt8 = 0
        // Without a branch, so that the compiler takes many octets at once.
        for octet in octets {
            union |= octet
            nulls |= octet == 0 ? 1 : 0
        }
        if union >= 0x80 { isEightBit = true }
        if nulls != 0 { hasNull = true }
    }
}
