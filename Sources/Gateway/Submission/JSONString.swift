internal import OctetSearch

/// What a string of a JSON text says (RFC 8259, section 7). One with half a surrogate pair, a control character or octets that
/// are no UTF-8 says nothing.
enum JSONString {
    /// Reads as far as the closing quote.
    ///
    /// - Parameter start: the index behind the opening quote.
    /// - Returns: the text, and where it stands without its quotes; nil where it is not right.
    static func read(_ octets: [UInt8], from start: Int) -> (text: String, content: Range<Int>)? {
        let content = octets.span
        var text: [UInt8] = []
        // Most of a body that has a long text is that text.
        text.reserveCapacity(octets.count - start)
        var index = start
        while true {
            let end = OctetSearch.escapedInJSON(in: content, from: index)
            text.append(contentsOf: octets[index..<end])
            guard end < content.count else { return nil }
            if content[end] == UInt8(ascii: "\"") {
                return String(validating: text, as: UTF8.self).map { ($0, start..<end) }
            }
            guard content[end] == UInt8(ascii: "\\"), let (scalar, next) = escape(content, at: end) else { return nil }
            if scalar.isASCII {
                text.append(UInt8(truncatingIfNeeded: scalar.value))
            } else if let units = UTF8.encode(scalar) {
                text.append(contentsOf: units)
            }
            index = next
        }
    }

    /// What an escape says, and the index behind it, or behind the second half of a surrogate pair.
    ///
    /// - Parameter index: where its backslash stands.
    /// - Returns: nil where it is none.
    static func escape(_ content: Span<UInt8>, at index: Int) -> (scalar: Unicode.Scalar, next: Int)? {
        guard index + 1 < content.count else { return nil }
        let scalar: Unicode.Scalar
        switch content[index + 1] {
        case UInt8(ascii: "n"): scalar = "\n"
        case UInt8(ascii: "r"): scalar = "\r"
        case UInt8(ascii: "t"): scalar = "\t"
        case UInt8(ascii: "b"): scalar = "\u{8}"
        case UInt8(ascii: "f"): scalar = "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalar = Unicode.Scalar(content[index + 1])
        case UInt8(ascii: "u"):
            var next = index + 2
            return self.scalar(content, at: &next).map { ($0, next) }
        default: return nil
        }
        return (scalar, index + 2)
    }

    /// The character that the digits behind `\u` say, and those of the second half of a pair.
    private static func scalar(_ content: Span<UInt8>, at index: inout Int) -> Unicode.Scalar? {
        guard let first = codeUnit(content, at: &index) else { return nil }
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(UInt32(first)) }
        guard index + 1 < content.count, content[index] == UInt8(ascii: "\\"), content[index + 1] == UInt8(ascii: "u")
        else { return nil }
        index += 2
        guard let second = codeUnit(content, at: &index), second & 0xFC00 == 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF)
    }

    private static func codeUnit(_ content: Span<UInt8>, at index: inout Int) -> UInt16? {
        guard index + 4 <= content.count else { return nil }
        var unit: UInt16 = 0
        for place in index..<(index + 4) {
            guard let digit = Character(Unicode.Scalar(content[place])).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        index += 4
        return unit
    }
}
