/// Two digits in upper case, as quoted-printable and percent encoding want them.
enum Hexadecimal {
    static func append(_ octet: UInt8, to octets: inout [UInt8]) {
        octets.append(digit(octet >> 4))
        octets.append(digit(octet & 0xF))
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
