/// Two digits in upper case, as quoted-printable and percent encoding want them.
enum Hexadecimal {
    static func append(_ octet: UInt8, to octets: inout [UInt8]) {
        octets.append(digit(octet >> 4))
        octets.append(digit(octet & 0xF))
    }

    /// The value of a digit in either case, or nil.
    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// Undoes escapes such as `=3D` or `%3D`; what is none stays.
    static func unescaped(_ octets: some RandomAccessCollection<UInt8>, after marker: UInt8) -> [UInt8] {
        var unescaped: [UInt8] = []
        unescaped.reserveCapacity(octets.count)
        var index = octets.startIndex
        while index < octets.endIndex {
            let rest = octets[index...]
            if octets[index] == marker, rest.count > 2,
                let high = value(rest[rest.index(after: index)]),
                let low = value(rest[rest.index(index, offsetBy: 2)])
            {
                unescaped.append(high << 4 | low)
                index = octets.index(index, offsetBy: 3)
            } else {
                unescaped.append(octets[index])
                index = octets.index(after: index)
            }
        }
        return unescaped
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
