internal import OctetSearch

/// What a string of a JSON text says (RFC 8259, section 7).
enum JSONString {
    /// The text of a string that was checked before, or of its beginning: an escape that the range cuts off is left out.
    ///
    /// It is written where it stays: arrays and slices in between took as long again. There is room for all of it, as an
    /// escape has more octets than what it says has in UTF-8, and lies in the range as a whole.
    static func text(_ octets: [UInt8], _ range: Range<Int>) -> String {
        // Nothing beyond the range is looked at.
        let content = octets.span.extracting(0..<range.upperBound)
        return unsafe String(unsafeUninitializedCapacity: range.count) { buffer in
            var text = unsafe buffer.mutableSpan
            var count = 0
            var index = range.lowerBound
            while true {
                let end = OctetSearch.copyToBackslash(in: content, from: index, to: &text, at: count)
                count += end - index
                if let octet = simple(content, at: end) {
                    text[count] = octet
                    count += 1
                    index = end + 2
                } else if let (scalar, next) = unicode(content, at: end) {
                    for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                        text[count] = unit
                        count += 1
                    }
                    index = next
                } else {
                    return count
                }
            }
        }
    }

    /// The index behind an escape, or behind the second half of a surrogate pair.
    ///
    /// - Parameter index: where its backslash stands.
    /// - Returns: nil if it is none.
    static func escapeEnd(_ content: Span<UInt8>, at index: Int) -> Int? {
        simple(content, at: index) == nil ? unicode(content, at: index)?.next : index + 2
    }

    /// What an escape of two characters says; nil if it is none.
    @inline(__always) private static func simple(_ content: Span<UInt8>, at index: Int) -> UInt8? {
        guard index + 1 < content.count else { return nil }
        return switch content[index + 1] {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content[index + 1]
        default: nil
        }
    }

    /// What an escape with a number says, and the index behind it, or behind the second half of a surrogate pair; nil if it is
    /// none.
    private static func unicode(_ content: Span<UInt8>, at index: Int) -> (scalar: Unicode.Scalar, next: Int)? {
        guard index + 1 < content.count, content[index + 1] == UInt8(ascii: "u"),
            let first = codeUnit(content, at: index + 2)
        else { return nil }
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first).map { ($0, index + 6) } }
        guard index + 7 < content.count, content[index + 6] == UInt8(ascii: "\\"),
            content[index + 7] == UInt8(ascii: "u"), let second = codeUnit(content, at: index + 8),
            second & 0xFC00 == 0xDC00
        else { return nil }
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF).map { ($0, index + 12) }
    }

    /// The code unit that four digits say.
    private static func codeUnit(_ content: Span<UInt8>, at index: Int) -> UInt32? {
        guard index + 4 <= content.count else { return nil }
        var unit: UInt32 = 0
        for place in index..<(index + 4) {
            let octet = content[place]
            switch octet {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt32(octet - UInt8(ascii: "0"))
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt32(octet - UInt8(ascii: "A") + 10)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt32(octet - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return unit
    }
}
