internal import OctetSearch

/// What octets a content holds (RFC 2045, sections 2.7 to 2.9).
struct ContentKind {
    /// Whether there are octets above 127, which only a server with 8BITMIME takes.
    private(set) var isEightBit = false
    /// Whether there is a NUL, which no message may hold.
    private(set) var hasNull = false

    /// Looks at a piece.
    mutating func take(_ octets: Span<UInt8>) {
        var index = 0
        while !isEightBit {
            index = OctetSearch.nullOrEightBit(in: octets, from: index)
            guard index < octets.count else { return }
            if octets[index] == 0 { hasNull = true } else { isEightBit = true }
            index += 1
        }
        if !hasNull, OctetSearch.null(in: octets, from: index) < octets.count { hasNull = true }
    }
}
