/// The base64 encoding (RFC 2045, section 6.8).
enum Base64 {
    /// Octets that fill a line of 76 characters.
    static let lineOctets = 57
    /// The characters of such a line.
    static let lineCharacters = 76

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The characters that stand for a number of octets, without line breaks.
    static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// The characters that stand for a number of octets, with a line break between lines.
    static func encodedCountWithLines(_ count: Int) -> Int {
        encodedCount(count) + max(0, (count - 1) / lineOctets) * 2
    }

    /// Appends one run of characters without line breaks.
    static func append(_ content: ArraySlice<UInt8>, to octets: inout [UInt8]) {
        append(content.span, lineOctets: max(content.count, 1), to: &octets)
    }

    /// Appends lines of 76 characters, with a line break between them and none behind the last.
    static func appendLines(_ content: Span<UInt8>, to octets: inout [UInt8]) {
        append(content, lineOctets: lineOctets, to: &octets)
    }

    private static func append(_ content: Span<UInt8>, lineOctets: Int, to octets: inout [UInt8]) {
        let count = content.count
        let breaks = max(0, (count - 1) / lineOctets)
        var target = octets.count
        // Room is made once and then filled, which is several times as fast as appending each character.
        octets.append(contentsOf: repeatElement(UInt8(ascii: "="), count: encodedCount(count) + breaks * 2))
        var output = octets.mutableSpan
        let alphabet = alphabet.span
        var index = 0
        var lineEnd = lineOctets
        while index < count {
            if index == lineEnd {
                output[target] = UInt8(ascii: "\r")
                output[target + 1] = UInt8(ascii: "\n")
                target += 2
                lineEnd += lineOctets
            }
            let second = index + 1 < count ? content[index + 1] : 0
            let third = index + 2 < count ? content[index + 2] : 0
            let group = Int(content[index]) << 16 | Int(second) << 8 | Int(third)
            output[target] = alphabet[group >> 18]
            output[target + 1] = alphabet[group >> 12 & 0x3F]
            if index + 1 < count { output[target + 2] = alphabet[group >> 6 & 0x3F] }
            if index + 2 < count { output[target + 3] = alphabet[group & 0x3F] }
            target += 4
            index += 3
        }
    }
}
