internal import OctetSearch

/// Line breaks of text (RFC 5321, section 2.3.8): CR, LF and CRLF all mean one, and CRLF is how it is written.
enum LineBreaks {
    /// Appends text with `count` lone CR and LF, each made CRLF.
    static func append(_ text: String.UTF8View, loneLineBreaks count: Int, to octets: inout [UInt8]) {
        // Lines are copied from an array in one piece each.
        let content = Array(text)
        octets.reserveCapacity(octets.count + content.count + count)
        var index = 0
        while true {
            let end = OctetSearch.lineBreak(in: content.span, from: index)
            octets.append(contentsOf: content[index..<end])
            guard end < content.count else { return }
            octets.append(UInt8(ascii: "\r"))
            octets.append(UInt8(ascii: "\n"))
            index = end + 1
            if content[end] == UInt8(ascii: "\r"), index < content.count, content[index] == UInt8(ascii: "\n") {
                index += 1
            }
        }
    }

    /// Text with all line breaks made CRLF.
    static func normalised(_ text: String.UTF8View, loneLineBreaks count: Int) -> [UInt8] {
        var octets: [UInt8] = []
        append(text, loneLineBreaks: count, to: &octets)
        return octets
    }
}
