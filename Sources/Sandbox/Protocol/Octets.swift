/// The octets that mean something in the protocol.
enum Octets {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let dot = UInt8(ascii: ".")
    static let colon = UInt8(ascii: ":")

    /// Where an octet stands next, or the end.
    static func index(of octet: UInt8, in octets: [UInt8], from start: Int) -> Int {
        let span = octets.span
        var index = start
        while index < span.count, span[index] != octet { index += 1 }
        return index
    }

    /// Whether text can stand in an argument: no control characters and no space.
    static func isPrintable(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { $0 > space && $0 != 0x7F }
    }
}
