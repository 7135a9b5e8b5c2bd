/// Classes of octets in HTTP's grammar (RFC 9110, section 5.6).
enum Octet {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let delete: UInt8 = 0x7F

    /// Whether the octet may stand in a token: a method, the name of a field, a coding.
    static func isToken(_ octet: UInt8) -> Bool {
        octet < 64 ? lowTokens >> UInt64(octet) & 1 != 0 : octet < 128 && highTokens >> UInt64(octet & 63) & 1 != 0
    }

    /// ``!#$%&'*+-.`` and the digits: a bit for each octet below 64.
    private static var lowTokens: UInt64 { 0x03FF_6CFA_0000_0000 }
    /// The letters and ``^_`|~``: a bit for each octet from 64 to 127.
    private static var highTokens: UInt64 { 0x57FF_FFFF_C7FF_FFFE }

    /// Whether the octet may stand in the value of a field: visible ASCII, space, tab, or above 127.
    static func isFieldValue(_ octet: UInt8) -> Bool {
        octet >= space ? octet != delete : octet == tab
    }

    /// Space or tab.
    static func isBlank(_ octet: UInt8) -> Bool {
        octet == space || octet == tab
    }

    /// The value of a hexadecimal digit, or nil.
    static func hexadecimal(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x37
        case 0x61...0x66: octet - 0x57
        default: nil
        }
    }
}
