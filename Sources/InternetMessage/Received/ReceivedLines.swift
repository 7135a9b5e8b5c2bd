internal import OctetSearch

/// The lines of received octets, whether they end in CRLF or in a lone LF.
struct ReceivedLines {
    struct Line {
        /// Where its octets are, without the line break.
        let content: Range<Int>
        /// The index after the line break.
        let end: Int
    }

    private let octets: ArraySlice<UInt8>
    private var position: Int

    init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
        position = octets.startIndex
    }

    /// The next line, or nil at the end.
    mutating func next() -> Line? {
        guard position < octets.endIndex else { return nil }
        let start = position
        let end = lineFeed(from: start)
        position = min(end + 1, octets.endIndex)
        let hasReturn = end < octets.endIndex && end > start && octets[end - 1] == UInt8(ascii: "\r")
        return Line(content: start..<(hasReturn ? end - 1 : end), end: position)
    }

    /// The index of the next LF, or the end.
    private func lineFeed(from start: Int) -> Int {
        let span = octets.span
        var index = OctetSearch.lineBreak(in: span, from: start - octets.startIndex)
        while index < span.count, span[index] != UInt8(ascii: "\n") {
            index = OctetSearch.lineBreak(in: span, from: index + 1)
        }
        return octets.startIndex + index
    }
}
