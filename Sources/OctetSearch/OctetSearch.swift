/// Finds the few octets that matter in long runs of those that do not, sixteen at a time.
///
/// Content is looked at for line breaks, control characters and quotes on its way from a request to a relay, and nearly all
/// of it is none of these. A loop that takes one octet after the other costs many times as much.
///
/// Vectors are read through the span's `bytes` with `unsafeLoadUnaligned`. Both count as unsafe because not every type may
/// be looked at as octets, or be made of them; integers may. That a vector lies in the span is checked by them.
public enum OctetSearch {
    private typealias Vector = SIMD16<UInt8>
    private typealias Mask = SIMDMask<SIMD16<Int8>>

    /// The first CR or LF at or after an index; the count of octets where there is none.
    public static func lineBreak(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            ($0 .== every(UInt8(ascii: "\r"))) .| ($0 .== every(UInt8(ascii: "\n")))
        } _: {
            $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n")
        }
    }

    /// The first octet at or after an index that is not a printable character of ASCII, space included; the count of octets
    /// where there is none.
    public static func unprintable(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            ($0 &- every(0x20)) .>= every(0x5F)
        } _: {
            $0 &- 0x20 >= 0x5F
        }
    }

    /// The first octet at or after an index that cannot stand in a JSON string as it is (RFC 8259, section 7): a control
    /// character, a quotation mark, a backslash; the count of octets where there is none.
    public static func escapedInJSON(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            ($0 .< every(0x20)) .| ($0 .== every(UInt8(ascii: "\""))) .| ($0 .== every(UInt8(ascii: "\\")))
        } _: {
            $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
        }
    }

    /// The first octet at or after an index that is no printable character of ASCII, or that is escaped in a JSON string; the
    /// count of octets where there is none.
    public static func unplainInJSON(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            (($0 &- every(0x20)) .>= every(0x5F)) .| ($0 .== every(UInt8(ascii: "\"")))
                .| ($0 .== every(UInt8(ascii: "\\")))
        } _: {
            $0 &- 0x20 >= 0x5F || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
        }
    }

    /// The first octet at or after an index that cannot stand in a JSON string as it is, or is above 127; the count of octets
    /// where there is none.
    public static func escapedInJSONOrEightBit(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            (($0 &- every(0x20)) .>= every(0x60)) .| ($0 .== every(UInt8(ascii: "\"")))
                .| ($0 .== every(UInt8(ascii: "\\")))
        } _: {
            $0 &- 0x20 >= 0x60 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
        }
    }

    /// Copies octets from an index on up to the first backslash.
    ///
    /// - Parameters:
    ///   - output: what takes them; it has room for all octets behind the index.
    ///   - place: where the first of them goes.
    /// - Returns: where the backslash is; the count of octets if there is none.
    public static func copyToBackslash(
        in octets: Span<UInt8>, from start: Int, to output: inout MutableSpan<UInt8>, at place: Int
    ) -> Int {
        copy(octets, from: start, to: &output, at: place) {
            $0 .== every(UInt8(ascii: "\\"))
        } upTo: {
            $0 == UInt8(ascii: "\\")
        }
    }

    /// Copies octets from an index on up to the first CR or LF, as ``copyToBackslash(in:from:to:at:)`` does.
    public static func copyToLineBreak(
        in octets: Span<UInt8>, from start: Int, to output: inout MutableSpan<UInt8>, at place: Int
    ) -> Int {
        copy(octets, from: start, to: &output, at: place) {
            ($0 .== every(UInt8(ascii: "\r"))) .| ($0 .== every(UInt8(ascii: "\n")))
        } upTo: {
            $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n")
        }
    }

    /// The first octet at or after an index that is not in the alphabet of base64 (RFC 4648, section 4), which padding is
    /// not; the count of octets where there is none.
    public static func outsideBase64(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            // The bit that tells small letters from capitals is set; the slash stands right before the digits.
            let letters = (($0 | every(0x20)) &- every(UInt8(ascii: "a"))) .< every(26)
            let digits = ($0 &- every(UInt8(ascii: "/"))) .< every(11)
            return .!(letters .| digits .| ($0 .== every(UInt8(ascii: "+"))))
        } _: { octet in
            !((octet | 0x20) &- UInt8(ascii: "a") < 26 || octet &- UInt8(ascii: "/") < 11 || octet == UInt8(ascii: "+"))
        }
    }

    /// The first NUL or octet above 127 at or after an index; the count of octets where there is none.
    public static func nullOrEightBit(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            ($0 &- every(1)) .>= every(127)
        } _: {
            $0 == 0 || $0 > 127
        }
    }

    /// The first NUL at or after an index; the count of octets where there is none.
    public static func null(in octets: Span<UInt8>, from start: Int) -> Int {
        first(in: octets, from: start) {
            $0 .== every(0)
        } _: {
            $0 == 0
        }
    }

    /// The first octet at or after an index, which is 1 at least, that shows lines not to be as they follow DATA (RFC 5321,
    /// sections 2.3.8 and 4.5.2): an LF without CR before it, what is behind a CR and no LF, a dot behind an LF; the count of
    /// octets where there is none.
    public static func irregularLine(in octets: Span<UInt8>, from start: Int) -> Int {
        let bytes = unsafe octets.bytes
        let count = bytes.byteCount
        var index = start
        // Such a place is rare, so two vectors are looked at in one go.
        func marks(at index: Int) -> Mask {
            irregular(vector(in: bytes, at: index), behind: vector(in: bytes, at: index &- 1))
        }
        while count &- index >= 32 {
            let (first, second) = (marks(at: index), marks(at: index &+ 16))
            if isMarked(first .| second) { return index &+ place(first, second) }
            index &+= 32
        }
        if count &- index >= 16 {
            let first = marks(at: index)
            if isMarked(first) { return index &+ place(first) }
            index &+= 16
        }
        while index < count {
            let (previous, octet) = (octets[index &- 1], octets[index])
            if (previous == UInt8(ascii: "\r")) != (octet == UInt8(ascii: "\n"))
                || previous == UInt8(ascii: "\n") && octet == UInt8(ascii: ".")
            {
                return index
            }
            index &+= 1
        }
        return count
    }

    @inline(__always) private static func irregular(_ octets: Vector, behind previous: Vector) -> Mask {
        let breaks = (previous .== every(UInt8(ascii: "\r"))) .^ (octets .== every(UInt8(ascii: "\n")))
        let dots = (previous .== every(UInt8(ascii: "\n"))) .& (octets .== every(UInt8(ascii: ".")))
        return breaks .| dots
    }

    // MARK: Vectors of sixteen octets

    @inline(__always) private static func every(_ octet: UInt8) -> Vector {
        Vector(repeating: octet)
    }

    /// The first octet that matches.
    ///
    /// - Parameters:
    ///   - marks: the octets of a vector that match.
    ///   - matches: whether one octet matches, for spans that have less than a vector of them.
    @inline(__always) private static func first(
        in octets: Span<UInt8>, from start: Int, _ marks: (Vector) -> Mask, _ matches: (UInt8) -> Bool
    ) -> Int {
        let bytes = unsafe octets.bytes
        let count = bytes.byteCount
        var index = start
        while count &- index >= 16 {
            let marks = marks(vector(in: bytes, at: index))
            if isMarked(marks) { return index &+ place(marks) }
            index &+= 16
        }
        guard index < count else { return count }
        guard count >= 16 else {
            while index < count, !matches(octets[index]) { index &+= 1 }
            return index
        }
        // The last sixteen, of which some have been looked at, or lie before the start.
        let last = count &- 16
        let bits = UInt64(truncatingIfNeeded: (index &- last) &* 8)
        let (low, high) = words(marks(vector(in: bytes, at: last)))
        // Where so many are shifted away that none is left, the shift by 64 or more gives zero.
        let left = low & (UInt64.max << bits)
        if left != 0 { return last &+ left.trailingZeroBitCount >> 3 }
        let right = bits > 64 ? high & (UInt64.max << (bits &- 64)) : high
        return right != 0 ? last &+ 8 &+ right.trailingZeroBitCount >> 3 : count
    }

    /// Copies octets up to the first that matches. The vector that holds it is written as a whole; what is behind the match is
    /// written again, or there is room for it.
    @inline(__always) private static func copy(
        _ octets: Span<UInt8>, from start: Int, to output: inout MutableSpan<UInt8>, at place: Int,
        _ marks: (Vector) -> Mask, upTo matches: (UInt8) -> Bool
    ) -> Int {
        let bytes = unsafe octets.bytes
        let count = bytes.byteCount
        precondition(place >= 0 && output.count &- place >= count &- start, "there is no room for the octets")
        return unsafe output.withUnsafeMutableBytes { output in
            var index = start
            var place = place
            while count &- index >= 16 {
                let octets = vector(in: bytes, at: index)
                unsafe output.storeBytes(of: octets, toByteOffset: place, as: Vector.self)
                let marks = marks(octets)
                if isMarked(marks) { return index &+ Self.place(marks) }
                index &+= 16
                place &+= 16
            }
            while index < count, !matches(octets[index]) {
                unsafe output[place] = octets[index]
                index &+= 1
                place &+= 1
            }
            return index
        }
    }

    @inline(__always) private static func isMarked(_ mask: Mask) -> Bool {
        let (low, high) = words(mask)
        return low | high != 0
    }

    /// Which octet of a vector is the first with a mark. There is one.
    @inline(__always) private static func place(_ mask: Mask) -> Int {
        let (low, high) = words(mask)
        return low != 0 ? low.trailingZeroBitCount >> 3 : 8 &+ high.trailingZeroBitCount >> 3
    }

    /// Which octet of two vectors is the first with a mark. There is one.
    @inline(__always) private static func place(_ first: Mask, _ second: Mask) -> Int {
        isMarked(first) ? place(first) : 16 &+ place(second)
    }

    /// The sixteen octets at an index.
    @inline(__always) private static func vector(in bytes: RawSpan, at index: Int) -> Vector {
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: Vector.self)
    }

    /// A mask as two words whose lowest octets are those of the first: a marked octet has all bits set, another none.
    @inline(__always) private static func words(_ mask: Mask) -> (low: UInt64, high: UInt64) {
        // A mask is sixteen octets of that form in memory, as two words of eight are.
        let words = unsafe unsafeBitCast(mask, to: SIMD2<UInt64>.self)
        return (UInt64(littleEndian: words[0]), UInt64(littleEndian: words[1]))
    }
}
