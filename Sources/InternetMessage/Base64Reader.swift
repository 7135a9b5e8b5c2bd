/// Goes through base64 text character by character, line breaks and escapes passed over.
struct Base64Reader {
    private let notation: Base64Text.Notation
    /// Characters of the alphabet that have been read.
    private(set) var symbolCount = 0
    /// Padding characters that have been read.
    private(set) var paddingCount = 0
    /// Whether there was anything but alphabet and padding.
    private(set) var hasPassedOver = false

    /// What stands in the table for octets that are not in the alphabet.
    private static let none: UInt8 = 0xFF

    /// The value of each octet that is in the alphabet (RFC 4648, section 4).
    private static let values = InlineArray<256, UInt8> { index in
        switch UInt8(truncatingIfNeeded: index) {
        case let octet where octet &- UInt8(ascii: "A") < 26: octet - UInt8(ascii: "A")
        case let octet where octet &- UInt8(ascii: "a") < 26: octet - UInt8(ascii: "a") + 26
        case let octet where octet &- UInt8(ascii: "0") < 10: octet - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: none
        }
    }

    init(notation: Base64Text.Notation) {
        self.notation = notation
    }

    /// Whether the last group of four is complete.
    var isComplete: Bool { (symbolCount + paddingCount) % 4 == 0 }

    /// Reads as far as there is base64.
    ///
    /// - Returns: the index of the first octet that does not belong to it, or the count.
    mutating func read(_ text: Span<UInt8>, _ symbol: (_ value: UInt8) -> Void) -> Int {
        let values = Self.values
        var symbols = symbolCount
        defer { symbolCount = symbols }
        var index = 0
        while index < text.count {
            let octet = text[index]
            let value = values[Int(octet)]
            if value != Self.none {
                guard paddingCount == 0 else { return index }
                symbols += 1
                symbol(value)
                index += 1
                continue
            }
            switch octet {
            case UInt8(ascii: "="):
                // Two or three characters of a group may be followed by what is missing of it.
                guard symbols % 4 >= 2, symbols % 4 + paddingCount < 4 else { return index }
                paddingCount += 1
                index += 1
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                guard notation == .plain else { return index }
                hasPassedOver = true
                index += 1
            case UInt8(ascii: "\\"):
                guard notation == .escaped, index + 1 < text.count else { return index }
                switch text[index + 1] {
                case UInt8(ascii: "r"), UInt8(ascii: "n"): break
                case UInt8(ascii: "/") where paddingCount == 0:
                    symbols += 1
                    symbol(63)
                default: return index
                }
                hasPassedOver = true
                index += 2
            default: return index
            }
        }
        return index
    }
}
