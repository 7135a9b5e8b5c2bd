/// Octets of a header section (RFC 5322, section 2.2).
enum Octet {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let colon = UInt8(ascii: ":")

    /// CR or LF. Each of them alone is a line break as well as both together, as it is when the message is sent.
    static func isLineBreak(_ octet: UInt8) -> Bool { octet == carriageReturn || octet == lineFeed }

    static func isWhiteSpace(_ octet: UInt8) -> Bool { octet == space || octet == tab }

    static func lowercased(_ octet: UInt8) -> UInt8 {
        octet &- UInt8(ascii: "A") < 26 ? octet | 0x20 : octet
    }
}
