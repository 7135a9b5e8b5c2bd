internal import NIOCore
internal import OctetSearch

/// Brings text into the form that follows DATA (RFC 5321, sections 2.3.8 and 4.5.2), or BDAT. A value without I/O.
///
/// Every line ends in CRLF: a lone LF and a lone CR become one. A line that begins with a dot gets a second one, where
/// the content follows DATA. The state between two calls is all it needs, so the result is the same however the text is
/// cut.
struct DotStuffer {
    private enum Position {
        case lineStart
        case inLine
        /// A CR has been written out as CRLF; an LF that follows belongs to it.
        case afterCarriageReturn
    }

    private var position = Position.lineStart
    /// Whether the content goes with BDAT: its length tells where it ends, and dots stay as they are.
    private let isChunked: Bool

    init(isChunked: Bool = false) {
        self.isChunked = isChunked
    }

    /// Appends the bytes in the range to `output` as they have to stand on the wire.
    mutating func write(_ bytes: [UInt8], in range: Range<Int>, into output: inout ByteBuffer) {
        let octets = bytes.span.extracting(range)
        var index = 0
        if position == .afterCarriageReturn, index < octets.count {
            position = .lineStart
            if octets[index] == UInt8(ascii: "\n") { index += 1 }
        }
        while index < octets.count {
            if position == .lineStart, isStuffed(octets[index]) { output.writeInteger(octets[index]) }
            let end = runEnd(in: octets, from: index)
            if end > index {
                output.writeBytes(bytes[(range.lowerBound + index)..<(range.lowerBound + end)])
                position = .inLine
            }
            guard end < octets.count else { return }
            // A line break in the form that it has to have ends the run only where the next line needs a dot.
            output.writeInteger(0x0D0A as UInt16)
            position = octets[end] == UInt8(ascii: "\r") ? .afterCarriageReturn : .lineStart
            index = end + 1
            if position == .afterCarriageReturn, index < octets.count {
                position = .lineStart
                if octets[index] == UInt8(ascii: "\n") { index += 1 }
            }
        }
    }

    /// Where the run ends that can go out in one piece: at the first line break that has to be written in another way, or
    /// behind which more is known only with the next octets, or with a dot.
    private func runEnd(in octets: Span<UInt8>, from start: Int) -> Int {
        // In front of the run is no CR.
        guard octets[start] != UInt8(ascii: "\n") else { return start }
        var index = start + 1
        while true {
            index = OctetSearch.irregularLine(in: octets, from: index)
            guard index < octets.count else { break }
            switch octets[index] {
            case UInt8(ascii: "\n"): return index
            case UInt8(ascii: ".") where octets[index - 1] == UInt8(ascii: "\n"):
                // The dot of a line that goes with BDAT is like any other octet.
                if !isChunked { return index - 2 }
                index += 1
            default: return index - 1
            }
        }
        // What follows a line break at the end is not known.
        switch octets[octets.count - 1] {
        case UInt8(ascii: "\r"): return octets.count - 1
        case UInt8(ascii: "\n"): return octets.count - 2
        default: return octets.count
        }
    }

    private func isStuffed(_ octet: UInt8) -> Bool {
        !isChunked && octet == UInt8(ascii: ".")
    }

    /// Ends the last line where it is open, and appends the line with the dot that ends the content behind DATA.
    consuming func finish(into output: inout ByteBuffer) {
        if position == .inLine { output.writeInteger(0x0D0A as UInt16) }
        if !isChunked { output.writeStaticString(".\r\n") }
    }
}
