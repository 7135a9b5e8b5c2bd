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
            guard end + 1 < content.count else { return nil }
            index = end + 2
            if content[end] == UInt8(ascii: "\"") {
                return String(validating: text, as: UTF8.self).map { ($0, start..<end) }
            }
            guard content[end] == UInt8(ascii: "\\") else { return nil }
            switch content[end + 1] {
            case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "r"): text.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(content[end + 1])
            case UInt8(ascii: "u"):
                guard let scalar = scalar(content, at: &index) else { return nil }
                text.append(contentsOf: Character(scalar).utf8)
            default: return nil
            }
        }
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
