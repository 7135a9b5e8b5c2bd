/// The quoted-printable encoding (RFC 2045, section 6.7).
enum QuotedPrintable {
    /// The longest line in characters, with the `=` of a soft line break.
    static let maximumLineOctets = 76

    /// What the encoded content takes, but for white space at line ends: near enough to choose an encoding.
    static func estimatedCount(_ content: Span<UInt8>, isText: Bool) -> Int {
        var count = 0
        for index in content.indices {
            let octet = content[index]
            let isLineFeedOfCRLF = octet == UInt8(ascii: "\n") && index > 0 && content[index - 1] == UInt8(ascii: "\r")
            if isLineFeedOfCRLF { continue }
            let isLineBreak = lineBreakOctets(content, at: index, isText: isText) > 0
            count += isLineBreak ? 2 : isLiteral(octet) ? 1 : 3
        }
        return count + count / maximumLineOctets * 3
    }

    /// Appends content of which CRLF is a line break.
    ///
    /// With `isText` a lone CR or LF is one too and becomes CRLF; otherwise it is encoded and kept as it is.
    static func append(_ content: Span<UInt8>, isText: Bool, to octets: inout [UInt8]) {
        var column = 0
        var index = 0
        while index < content.count {
            let lineBreak = lineBreakOctets(content, at: index, isText: isText)
            if lineBreak > 0 {
                octets.append(UInt8(ascii: "\r"))
                octets.append(UInt8(ascii: "\n"))
                column = 0
                index += lineBreak
                continue
            }
            let octet = content[index]
            index += 1
            let isLineEnd = index == content.count || lineBreakOctets(content, at: index, isText: isText) > 0
            // White space at the end of a line is lost on the way (rule 3).
            let isSpace = octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t")
            let isLiteral = isSpace ? !isLineEnd : isLiteral(octet)
            let width = isLiteral ? 1 : 3
            if column + width > maximumLineOctets - (isLineEnd ? 0 : 1) {
                octets.append(UInt8(ascii: "="))
                octets.append(UInt8(ascii: "\r"))
                octets.append(UInt8(ascii: "\n"))
                column = 0
            }
            if isLiteral {
                octets.append(octet)
            } else {
                octets.append(UInt8(ascii: "="))
                Hexadecimal.append(octet, to: &octets)
            }
            column += width
        }
    }

    private static func isLiteral(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: "\t") || (octet &- 0x20 < 0x5F && octet != UInt8(ascii: "="))
    }

    /// The octets of the line break that begins there, 0 when there is none.
    private static func lineBreakOctets(_ content: Span<UInt8>, at index: Int, isText: Bool) -> Int {
        switch content[index] {
        case UInt8(ascii: "\r"):
            if index + 1 < content.count, content[index + 1] == UInt8(ascii: "\n") { return 2 }
            return isText ? 1 : 0
        case UInt8(ascii: "\n"): return isText ? 1 : 0
        default: return 0
        }
    }
}
