/// Parameters of `Content-Type` and `Content-Disposition` (RFC 2045, section 5.1, and RFC 2231).
extension HeaderWriter {
    /// The longest value in ASCII that stands in one piece: as long as a file system lets a name be. The line that it makes is
    /// longer than 78 octets, and far from 998; many readers do not know the continuations of RFC 2231.
    static let maximumPlainParameterOctets = 255

    /// Writes a parameter: a token, a quoted string, or the extended form of RFC 2231 for what is not ASCII.
    ///
    /// There is no second form in ASCII beside the extended one, as HTTP has it (RFC 6266): no RFC of mail knows that pair, and
    /// some readers take the wrong one, or both.
    mutating func parameter(_ name: String, _ value: String) {
        if name.utf8.last == UInt8(ascii: "*") {
            // An extended value is never quoted (RFC 2231, section 7).
            beginParameter(name.utf8.count + 1 + value.utf8.count)
            append("\(name)=\(value)")
            return
        }
        // A token may hold `*`, `'` and `%`, at which some readers stumble (RFC 2231, section 7).
        if value.utf8.count <= Self.maximumPlainParameterOctets, Self.isAttribute(value) {
            beginParameter(name.utf8.count + 1 + value.utf8.count)
            append(name)
            octets.append(UInt8(ascii: "="))
            append(value)
        } else if HeaderText.isASCII(value), value.utf8.count <= Self.maximumPlainParameterOctets,
            !value.contains("=?")
        {
            // Each character may need a backslash, and the line still has room for them.
            beginParameter(name.utf8.count + 3 + value.utf8.count)
            append("\(name)=")
            quotedString(value)
        } else {
            extendedParameter(name, Array(value.utf8))
        }
    }

    private mutating func beginParameter(_ count: Int) {
        octets.append(UInt8(ascii: ";"))
        // One more, for the semicolon that may follow.
        separate(before: count + 1)
    }

    /// Writes `name*=utf-8''…` on one line, or `name*0*=utf-8''…; name*1*=…` on several. A section ends with a
    /// character, as some readers decode each for itself.
    private mutating func extendedParameter(_ name: String, _ value: [UInt8]) {
        let prefix = "utf-8''"
        let encodedCount = value.reduce(0) { $0 + Self.percentCount($1) }
        let whole = name.utf8.count + 2 + prefix.utf8.count + encodedCount
        if whole + 2 <= Self.preferredLineOctets {
            beginParameter(whole)
            append("\(name)*=\(prefix)")
            for octet in value { appendPercentEncoded(octet) }
            return
        }
        var section = 0
        var index = 0
        while index < value.count {
            octets.append(UInt8(ascii: ";"))
            endLine()
            append(" \(name)*\(section)*=")
            if section == 0 { append(prefix) }
            let sectionStart = index
            while index < value.count {
                let end = min(index + EncodedWord.characterOctets(value[index]), value.count)
                let count = value[index..<end].reduce(0) { $0 + Self.percentCount($1) }
                // One more, for the semicolon that may follow.
                guard column + count + 1 <= Self.preferredLineOctets || index == sectionStart else { break }
                for octet in value[index..<end] { appendPercentEncoded(octet) }
                index = end
            }
            section += 1
        }
    }

    private static func percentCount(_ octet: UInt8) -> Int { isAttributeOctet(octet) ? 1 : 3 }

    private mutating func appendPercentEncoded(_ octet: UInt8) {
        if Self.isAttributeOctet(octet) {
            octets.append(octet)
        } else {
            octets.append(UInt8(ascii: "%"))
            Hexadecimal.append(octet, to: &octets)
        }
    }

    /// Whether a text is made of attribute-chars, one at least.
    private static func isAttribute(_ text: String) -> Bool {
        let utf8 = text.utf8
        let octets = utf8.span
        for index in octets.indices where !isAttributeOctet(octets[index]) { return false }
        return !octets.isEmpty
    }

    /// An attribute-char of RFC 2231, section 7.
    static func isAttributeOctet(_ octet: UInt8) -> Bool {
        HeaderText.isTokenOctet(octet) && octet != UInt8(ascii: "*") && octet != UInt8(ascii: "'")
            && octet != UInt8(ascii: "%")
    }
}
