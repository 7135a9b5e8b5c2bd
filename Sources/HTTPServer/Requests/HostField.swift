/// The syntax of a Host field: a host name or an address, and a port if there is one (RFC 9110, section 7.2).
enum HostField {
    /// Whether the octets are a host with an optional port. An empty value is one: a target may have no authority.
    static func isValid(_ value: Span<UInt8>) -> Bool {
        var index = 0
        if value.first == UInt8(ascii: "[") {
            index = 1
            while index < value.count, isAddressOctet(value[index]) { index += 1 }
            guard index > 1, index < value.count, value[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < value.count, value[index] != UInt8(ascii: ":") {
                guard isNameOctet(value[index]) else { return false }
                index += 1
            }
            // A port needs a host.
            if index == 0, !value.isEmpty { return false }
        }
        guard index < value.count else { return true }
        guard value[index] == UInt8(ascii: ":") else { return false }
        index += 1
        var port = 0
        while index < value.count {
            guard case 0x30...0x39 = value[index] else { return false }
            port = port * 10 + Int(value[index] - 0x30)
            guard port <= 65_535 else { return false }
            index += 1
        }
        return true
    }

    /// IPv6 and the addresses of versions to come (RFC 3986, section 3.2.2).
    private static func isAddressOctet(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: ":") || isNameOctet(octet)
    }

    /// `unreserved`, `sub-delims` and the sign of an escape.
    private static func isNameOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="):
            true
        default: false
        }
    }
}
