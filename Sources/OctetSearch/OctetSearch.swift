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
        first(in: octets, from: start) { word in
            isZero(word ^ every(UInt8(ascii: "\r"))) | isZero(word ^ every(UInt8(ascii: "\n")))
        } _: {
            $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n")
        }
    }

    /// The first octet at or after an index that is not a printable character of ASCII, space included; the count of octets
    /// where there is none.
    public static func unprintable(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) { word in
            isLess(word, 0x20) | isZero(word ^ every(0x7F)) | word
        } _: {
            $0 &- 0x20 >= 0x5F
        }
    }

    /// The first octet at or after an index that cannot stand in a JSON string as it is (RFC 8259, section 7): a control
    /// character, a quotation mark, a backslash; the count of octets where there is none.
    public static func escapedInJSON(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) { word in
            isLess(word, 0x20) | isZero(word ^ every(UInt8(ascii: "\""))) | isZero(word ^ every(UInt8(ascii: "\\")))
        } _: {
            $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
        }
    }

    /// The first octet at or after an index that is not in the alphabet of base64 (RFC 4648, section 4), which padding is
    /// not; the count of octets where there is none.
    public static func outsideBase64(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) { word in
            // The bit that tells small letters from capitals is set; the slash stands right before the digits.
            let letters = isBetween(word | every(0x20), UInt8(ascii: "a"), UInt8(ascii: "z"))
            let digits = isBetween(word, UInt8(ascii: "/"), UInt8(ascii: "9"))
            let plus = isBetween(word, UInt8(ascii: "+"), UInt8(ascii: "+"))
            return ~(letters | digits | plus) | word
        } _: { octet in
            !((octet | 0x20) &- UInt8(ascii: "a") < 26 || octet &- UInt8(ascii: "/") < 11 || octet == UInt8(ascii: "+"))
        }
    }

    /// The first NUL or octet above 127 at or after an index; the count of octets where there is none.
    public static func nullOrEightBit(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) { word in
            isZero(word) | word
        } _: {
            $0 == 0 || $0 > 127
        }
    }

    /// The first NUL at or after an index; the count of octets where there is none.
    public static func null(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) { word in
            isZero(word)
        } _: {
            $0 == 0
        }
    }

    // MARK: Words of eight octets

    /// The octet in each of the eight places.
    @inline(__always) private static func every(_ octet: UInt8) -> UInt64 {
        UInt64(octet) &* 0x0101_0101_0101_0101
    }

    /// The highest bit of the first octet that is zero is set, and of none before it.
    @inline(__always) private static func isZero(_ word: UInt64) -> UInt64 {
        (word &- every(1)) & ~word
    }

    /// The highest bit of the first octet that is less than the limit is set, and of none before it. The limit is 128 at most.
    @inline(__always) private static func isLess(_ word: UInt64, _ limit: UInt8) -> UInt64 {
        (word &- every(limit)) & ~word
    }

    /// The highest bit of each octet that is less than 128 is set exactly when it lies between two others, which are less too.
    /// What is said of others means nothing.
    @inline(__always) private static func isBetween(_ word: UInt64, _ least: UInt8, _ most: UInt8) -> UInt64 {
        let octets = word & every(0x7F)
        return (octets &+ every(0x80 - least)) & ~(octets &+ every(0x7F - most))
    }

    /// The first octet that matches.
    ///
    /// - Parameters:
    ///   - marks: sets the highest bit of the octets of a word that match, and perhaps of others behind the first of these.
    ///   - matches: the same for the octets at the end that make no word.
    @inline(__always) private static func first(
        in octets: Span<UInt8>, from start: Int, _ marks: (UInt64) -> UInt64, _ matches: (UInt8) -> Bool
    ) -> Int {
        let bytes = unsafe octets.bytes
        let count = bytes.byteCount
        var index = start
        // Four words at a time, for a test and a jump cost as much as looking at a word. A borrow marks octets behind the one
        // that it comes from only, so the first mark is right.
        while count - index >= 32 {
            let first = marks(word(in: bytes, at: index)) & every(0x80)
            let second = marks(word(in: bytes, at: index &+ 8)) & every(0x80)
            let third = marks(word(in: bytes, at: index &+ 16)) & every(0x80)
            let fourth = marks(word(in: bytes, at: index &+ 24)) & every(0x80)
            if first | second | third | fourth != 0 {
                if first != 0 { return index &+ first.trailingZeroBitCount >> 3 }
                if second != 0 { return index &+ 8 &+ second.trailingZeroBitCount >> 3 }
                if third != 0 { return index &+ 16 &+ third.trailingZeroBitCount >> 3 }
                return index &+ 24 &+ fourth.trailingZeroBitCount >> 3
            }
            index &+= 32
        }
        while count - index >= 8 {
            let marked = marks(word(in: bytes, at: index)) & every(0x80)
            if marked != 0 { return index &+ marked.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < count, !matches(octets[index]) { index &+= 1 }
        return index
    }

    /// The eight octets at an index, the first in the lowest place.
    @inline(__always) private static func word(in bytes: RawSpan, at index: Int) -> UInt64 {
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }
}
