/// Reads an encoded word (RFC 2047), as it stands in a name that was copied from a message.
enum EncodedName {
    /// The text of an encoded word in UTF-8; nil for a charset or an encoding that is not known.
    ///
    /// A character may be split between two words, against RFC 2047, section 5, so the octets need not be UTF-8 alone.
    static func decoded(_ word: String) -> [UInt8]? {
        let parts = word.utf8.dropFirst(2).dropLast(2).split(
            separator: UInt8(ascii: "?"), omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let octets: [UInt8]?
        switch parts[1].first.map({ $0 | 0x20 }) {
        case UInt8(ascii: "q") where parts[1].count == 1: octets = quotedPrintable(Array(parts[2]))
        case UInt8(ascii: "b") where parts[1].count == 1: octets = base64(parts[2])
        default: octets = nil
        }
        // A language may follow the charset (RFC 2231, section 5).
        let charset = String(decoding: parts[0].prefix { $0 != UInt8(ascii: "*") }, as: UTF8.self).lowercased()
        switch charset {
        case "utf-8", "utf8": return octets
        case "us-ascii": return octets?.allSatisfy { $0 < 0x80 } == true ? octets : nil
        // ISO 8859-1 is the beginning of Unicode.
        case "iso-8859-1": return octets.map { octets in octets.flatMap { Array(String(Unicode.Scalar($0)).utf8) } }
        default: return nil
        }
    }

    private static func quotedPrintable(_ text: [UInt8]) -> [UInt8]? {
        var octets: [UInt8] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "_"): octets.append(Octet.space)
            case UInt8(ascii: "="):
                guard index + 2 < text.count, Octet.isHexDigit(text[index + 1]), Octet.isHexDigit(text[index + 2]),
                    let octet = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
                else { return nil }
                octets.append(octet)
                index += 2
            case let octet: octets.append(octet)
            }
            index += 1
        }
        return octets
    }

    private static func base64(_ text: some Collection<UInt8>) -> [UInt8]? {
        let symbols = text.prefix { $0 != UInt8(ascii: "=") }
        guard text.dropFirst(symbols.count).allSatisfy({ $0 == UInt8(ascii: "=") }), symbols.count % 4 != 1 else {
            return nil
        }
        var octets: [UInt8] = []
        var group = 0
        var bits = 0
        for symbol in symbols {
            let value: UInt8
            switch symbol {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = symbol - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = symbol - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = symbol - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            group = group << 6 | Int(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                octets.append(UInt8(truncatingIfNeeded: group >> bits))
                group &= 0xFF
            }
        }
        return octets
    }
}
