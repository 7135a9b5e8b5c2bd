internal import OctetSearch

/// Line breaks of text (RFC 5321, section 2.3.8): CR, LF and CRLF all mean one, and CRLF is how it is written.
public enum LineBreaks {
    /// Appends octets of text with `count` lone CR and LF, each made CRLF.
    static func append(_ content: Span<UInt8>, loneLineBreaks count: Int, to octets: inout [UInt8]) {
        var place = octets.count
        octets.append(contentsOf: repeatElement(0, count: content.count + count))
        var output = octets.mutableSpan
        var index = 0
        while true {
            let end = OctetSearch.copyToLineBreak(in: content, from: index, to: &output, at: place)
            place += end - index
            guard end < content.count else { return }
            output[place] = UInt8(ascii: "\r")
            output[place + 1] = UInt8(ascii: "\n")
            place += 2
            index = end + 1
            if content[end] == UInt8(ascii: "\r"), index < content.count, content[index] == UInt8(ascii: "\n") {
                index += 1
            }
        }
    }

    /// Octets of text with all line breaks made CRLF.
    static func normalised(_ content: Span<UInt8>, loneLineBreaks count: Int) -> [UInt8] {
        var octets: [UInt8] = []
        append(content, loneLineBreaks: count, to: &octets)
        return octets
    }

    /// The octets of a message as they are sent: each line ends in CRLF, the last one too.
    ///
    /// Nothing is copied if that is so already.
    public static func canonical(_ message: [UInt8]) -> [UInt8] {
        let count = loneCount(in: message[...])
        var octets = count == 0 ? message : normalised(message.span, loneLineBreaks: count)
        if let last = octets.last, last != UInt8(ascii: "\n") { octets += [UInt8(ascii: "\r"), UInt8(ascii: "\n")] }
        return octets
    }

    /// Octets of text with each CRLF made a single LF.
    static func withLineFeeds(_ content: [UInt8]) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            let end = OctetSearch.lineBreak(in: content.span, from: index)
            octets.append(contentsOf: content[index..<end])
            guard end < content.count else { break }
            let isPair =
                content[end] == UInt8(ascii: "\r") && end + 1 < content.count && content[end + 1] == UInt8(ascii: "\n")
            if !isPair { octets.append(content[end]) }
            index = end + 1
        }
        return octets
    }

    /// How many line breaks are CR or LF alone, each of which takes one more octet when it is sent.
    public static func loneCount(in message: ArraySlice<UInt8>) -> Int {
        let content = message.span
        var count = 0
        var index = OctetSearch.lineBreak(in: content, from: 0)
        while index < content.count {
            var next = index + 1
            if content[index] == UInt8(ascii: "\r"), next < content.count, content[next] == UInt8(ascii: "\n") {
                next += 1
            } else {
                count += 1
            }
            index = OctetSearch.lineBreak(in: content, from: next)
        }
        return count
    }
}
