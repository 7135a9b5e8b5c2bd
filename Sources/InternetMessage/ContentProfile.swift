internal import OctetSearch

/// What one look at all octets tells about content, so that its transfer encoding can be chosen (RFC 2045, section 2).
struct ContentProfile {
    /// The longest line of 7-bit data in octets, without CRLF.
    static let maximumLineOctets = 998

    /// Whether there is an octet that 7-bit data cannot hold.
    private(set) var hasHighOctets = false
    /// Whether there is a control character other than tab and line breaks.
    ///
    /// RFC 2045 would let most control characters pass; what is on the way does not always.
    private(set) var hasControls = false
    /// CR or LF alone.
    private(set) var loneLineBreaks = 0
    /// The longest line in octets, without its line break.
    private(set) var longestLine = 0
    /// Octets in all.
    let count: Int

    init(_ content: Span<UInt8>) {
        count = content.count
        var lineStart = 0
        var index = 0
        while true {
            index = OctetSearch.unprintable(in: content, from: index)
            guard index < content.count else { break }
            let octet = content[index]
            index += 1
            switch octet {
            case UInt8(ascii: "\t"):
                continue
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                longestLine = max(longestLine, index - 1 - lineStart)
                if octet == UInt8(ascii: "\r"), index < content.count, content[index] == UInt8(ascii: "\n") {
                    index += 1
                } else {
                    loneLineBreaks += 1
                }
                lineStart = index
            case 0x80...:
                hasHighOctets = true
            default:
                hasControls = true
            }
        }
        longestLine = max(longestLine, content.count - lineStart)
    }

    /// Whether the content, its lone line breaks made CRLF, is 7-bit data.
    var isSevenBitText: Bool { isEightBitText && !hasHighOctets }

    /// Whether the content, its lone line breaks made CRLF, is 8-bit data (RFC 2045, section 2.8).
    var isEightBitText: Bool { !hasControls && longestLine <= Self.maximumLineOctets }
}
