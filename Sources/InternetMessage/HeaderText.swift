/// Checks that concern any text on its way into a header section.
enum HeaderText {
    /// The longest value in octets of UTF-8: room for 5,000 characters of any script and more, and still a bound.
    static let maximumOctets = 32_768

    enum Problem {
        case controlCharacter
        case tooLong
    }

    /// Finds control characters, of ASCII and of the range U+0080–U+009F; a tab may be allowed.
    static func problem(_ text: String, allowsTab: Bool) -> Problem? {
        let utf8 = text.utf8
        let octets = utf8.span
        guard octets.count <= maximumOctets else { return .tooLong }
        for index in octets.indices {
            let octet = octets[index]
            if octet &- 0x20 < 0x5F { continue }
            switch octet {
            case 0x09 where allowsTab: continue
            case 0..<0x20, 0x7F: return .controlCharacter
            case 0xC2 where index + 1 < octets.count && octets[index + 1] < 0xA0: return .controlCharacter
            default: continue
            }
        }
        return nil
    }

    /// Throws what `problem` finds.
    static func check(_ text: String, allowsTab: Bool) throws(HeaderError) {
        switch problem(text, allowsTab: allowsTab) {
        case .controlCharacter: throw HeaderError(.controlCharacter)
        case .tooLong: throw HeaderError(.valueTooLong)
        case nil: return
        }
    }

    /// Whether the text is printable ASCII and spaces only.
    static func isASCII(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    /// A token of RFC 2045, section 5.1.
    static func isToken(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isTokenOctet)
    }

    static func isTokenOctet(_ octet: UInt8) -> Bool {
        guard octet > 0x20, octet < 0x7F else { return false }
        switch octet {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""),
            UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "?"), UInt8(ascii: "="):
            return false
        default:
            return true
        }
    }
}
