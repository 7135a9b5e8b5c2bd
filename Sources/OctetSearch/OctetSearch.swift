/// Finds the few octets that matter in long runs of those that do not, eight at a time.
///
/// Content is looked at for line breaks, control characters and quotes on its way from a request to a relay, and nearly all
/// of it is none of these. A loop that takes one octet after the other costs four times as much.
///
/// The words are read through the span's `bytes` with `unsafeLoadUnaligned`. Both count as unsafe because not every type may
/// be looked at as octets, or be made of them; integers may. That the word lies in the span is checked by them.
public enum OctetSearch {
    /// The first CR or LF at or after an index; the count of octets where there is none.
    public static func lineBreak(in octets: Span<UInt8>, from start: Int) -> Int {
        let index = skip(octets, from: start) { word in
            isZero(word ^ every(UInt8(ascii: "\r"))) | isZero(word ^ every(UInt8(ascii: "\n")))
        }
        return first(in: octets, from: index) { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    }

    /// The first octet at or after an index that is not a printable character of ASCII, space included; the count of octets
    /// where there is none.
    public static func unprintable(in octets: Span<UInt8>, from start: Int) -> Int {
        let index = skip(octets, from: start) { word in
            isLess(word, 0x20) | isZero(word ^ every(0x7F)) | word
        }
        return first(in: octets, from: index) { $0 &- 0x20 >= 0x5F }
    }

    /// The first octet at or after an index that cannot stand in a JSON string as it is (RFC 8259, section 7): a control
    /// character, a quotation mark, a backslash; the count of octets where there is none.
    public static func escapedInJSON(in octets: Span<UInt8>, from start: Int) -> Int {
        let index = skip(octets, from: start) { word in
            isLess(word, 0x20) | isZero(word ^ every(UInt8(ascii: "\""))) | isZero(word ^ every(UInt8(ascii: "\\")))
        }
        return first(in: octets, from: index) {
            $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
        }
    }

    // MARK: Words of eight octets

    /// The octet in each of the eight places.
    @inline(__always) private static func every(_ octet: UInt8) -> UInt64 {
        UInt64(octet) &* 0x0101_0101_0101_0101
    }

    /// The highest bit of some octet is set exactly when some octet is zero.
    @inline(__always) private static func isZero(_ word: UInt64) -> UInt64 {
        (word &- every(1)) & ~word
    }

    /// The highest bit of some octet is set exactly when some octet is less than the limit, which is 128 at most.
    @inline(__always) private static func isLess(_ word: UInt64, _ limit: UInt8) -> UInt64 {
        (word &- every(limit)) & ~word
    }

    /// Passes over words in which the highest bits of what is made of them are zero.
    @inline(__always) private static func skip(
        _ octets: Span<UInt8>, from start: Int, _ marks: (UInt64) -> UInt64
    ) -> Int {
        let bytes = unsafe octets.bytes
        var index = start
        while bytes.byteCount - index >= 8 {
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            if marks(word) & every(0x80) != 0 { break }
            index += 8
        }
        return index
    }

    @inline(__always) private static func first(
        in octets: Span<UInt8>, from start: Int, where matches: (UInt8) -> Bool
    ) -> Int {
        var index = start
        while index < octets.count, !matches(octets[index]) { index += 1 }
        return index
    }
}
