/// Parameters of `Content-Type` and `Content-Disposition` (RFC 2045, section 5.1, and RFC 2231).
extension HeaderWriter {
    /// The longest value that is written on one line without RFC 2231.
    static let maximumPlainParameterOctets = 60
    /// The longest form of a file name for receivers that do not know RFC 2231.
    static let maximumFallbackOctets = 60
    /// Of these, the octets at the end, which hold the extension.
    static let fallbackTailOctets = 16

    /// Writes a parameter; what is not ASCII, or is long, in the extended form of RFC 2231.
    mutating func parameter(_ name: String, _ value: String) {
        // A token may hold `*`, `'` and `%`, at which some readers stumble (RFC 2231, section 7).
        if !value.isEmpty, value.utf8.count <= Self.maximumPlainParameterOctets,
            value.utf8.allSatisfy(Self.isAttributeOctet)
        {
            beginParameter(name.utf8.count + 1 + value.utf8.count)
            append(name)
            octets.append(UInt8(ascii: "="))
            append(value)
        } else if HeaderText.isASCII(value), value.utf8.count <= Self.maximumPlainParameterOctets,
            !value.contains("=?")
        {
            // Each character may need a backslash; the name is short, so the line still has room.
            beginParameter(name.utf8.count + 3 + value.utf8.count)
            append("\(name)=")
            quotedString(value)
        } else {
            extendedParameter(name, Array(value.utf8))
        }
    }

    /// Writes a file name: the extended form first, which readers that know it prefer, and an ASCII form behind it
    /// for those that do not.
    mutating func filename(_ filename: String) {
        parameter("filename", filename)
        guard !HeaderText.isASCII(filename) else { return }
        var fallback = filename.unicodeScalars.map { Self.isFallback($0) ? Character($0) : "_" }
        if fallback.count > Self.maximumFallbackOctets {
            let head = Self.maximumFallbackOctets - Self.fallbackTailOctets
            fallback = fallback.prefix(head) + fallback.suffix(Self.fallbackTailOctets)
        }
        beginParameter("filename=\"\"".utf8.count + fallback.count)
        append("filename=")
        quotedString(String(fallback))
    }

    /// Printable ASCII, but for what would need a backslash or could look like an encoded word.
    private static func isFallback(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 && scalar.value < 0x7F && scalar != "\"" && scalar != "\\" && scalar != "?"
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

    /// An attribute-char of RFC 2231, section 7.
    private static func isAttributeOctet(_ octet: UInt8) -> Bool {
        HeaderText.isTokenOctet(octet) && octet != UInt8(ascii: "*") && octet != UInt8(ascii: "'")
            && octet != UInt8(ascii: "%")
    }
}
