import NIOCore

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
        let carriageReturn = UInt8(ascii: "\r")
        let lineFeed = UInt8(ascii: "\n")
        var index = range.lowerBound
        while index < range.upperBound {
            var byte = bytes[index]
            if position == .afterCarriageReturn {
                position = .lineStart
                if byte == lineFeed {
                    index += 1
                    continue
                }
            }
            if position == .lineStart, !isChunked, byte == UInt8(ascii: ".") { output.writeInteger(byte) }
            // The run up to the next line's end goes out in one piece.
            let start = index
            while byte != carriageReturn, byte != lineFeed {
                index += 1
                guard index < range.upperBound else { break }
                byte = bytes[index]
            }
            if index > start {
                output.writeBytes(bytes[start..<index])
                position = .inLine
            }
            guard index < range.upperBound else { return }
            output.writeInteger(0x0D0A as UInt16)
            position = byte == carriageReturn ? .afterCarriageReturn : .lineStart
            index += 1
        }
    }

    /// Ends the last line where it is open, and appends the line with the dot that ends the content behind DATA.
    consuming func finish(into output: inout ByteBuffer) {
        if position == .inLine { output.writeInteger(0x0D0A as UInt16) }
        if !isChunked { output.writeStaticString(".\r\n") }
    }
}
