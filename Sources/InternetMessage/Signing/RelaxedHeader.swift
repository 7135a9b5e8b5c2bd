/// The relaxed form of a header field (RFC 6376, section 3.4.2).
enum RelaxedHeader {
    /// Appends the name in lower case, the colon, and the value with its folds undone, its runs of white space made one
    /// space, and none at its ends. The line's end is the caller's business.
    static func append(_ field: Span<UInt8>, to octets: inout [UInt8]) {
        var index = 0
        while index < field.count, field[index] != UInt8(ascii: ":") {
            let octet = field[index]
            index += 1
            guard !isSpace(octet) else { continue }
            octets.append(octet &- UInt8(ascii: "A") < 26 ? octet | 0x20 : octet)
        }
        octets.append(UInt8(ascii: ":"))
        index += 1
        var hasValue = false
        var hasSpace = false
        while index < field.count {
            let octet = field[index]
            index += 1
            if isSpace(octet) || octet == UInt8(ascii: "\r") || octet == UInt8(ascii: "\n") {
                hasSpace = true
                continue
            }
            if hasSpace, hasValue { octets.append(UInt8(ascii: " ")) }
            hasSpace = false
            hasValue = true
            octets.append(octet)
        }
    }

    private static func isSpace(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") }
}
