/// Line breaks of text (RFC 5321, section 2.3.8): CR, LF and CRLF all mean one, and CRLF is how it is written.
enum LineBreaks {
    /// Appends text with `count` lone CR and LF, each made CRLF.
    static func append(_ content: Span<UInt8>, loneLineBreaks count: Int, to octets: inout [UInt8]) {
        var target = octets.count
        // Room is made once and then filled, which is several times as fast as appending each octet.
        octets.append(contentsOf: repeatElement(UInt8(ascii: "\n"), count: content.count + count))
        var output = octets.mutableSpan
        var index = 0
        while index < content.count {
            let octet = content[index]
            index += 1
            guard octet == UInt8(ascii: "\r") || octet == UInt8(ascii: "\n") else {
                output[target] = octet
                target += 1
                continue
            }
            if octet == UInt8(ascii: "\r"), index < content.count, content[index] == UInt8(ascii: "\n") { index += 1 }
            output[target] = UInt8(ascii: "\r")
            target += 2
        }
    }

    /// Text with all line breaks made CRLF.
    static func normalised(_ content: Span<UInt8>, loneLineBreaks count: Int) -> [UInt8] {
        var octets: [UInt8] = []
        append(content, loneLineBreaks: count, to: &octets)
        return octets
    }
}
