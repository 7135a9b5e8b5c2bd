/// How the content of a received part was encoded for the way (RFC 2045, section 6.1), undone as far as it can be.
enum TransferEncoding {
    case identity
    case base64
    case quotedPrintable

    /// - Parameter value: the value of Content-Transfer-Encoding. What is not known is left as it is.
    init(_ value: String) {
        switch value.lowercased().trimming(" \t\"") {
        case "base64": self = .base64
        case "quoted-printable": self = .quotedPrintable
        default: self = .identity
        }
    }

    func decoded(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .identity: Array(octets)
        case .base64: Self.base64(octets)
        case .quotedPrintable: Self.quotedPrintable(octets)
        }
    }

    /// Characters outside of the alphabet are ignored (RFC 2045, section 6.8), and bits that fill no octet are dropped.
    static func base64(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(octets.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for octet in octets {
            guard let value = sextet(octet) else {
                // The end of one text; another may follow.
                if octet == UInt8(ascii: "=") { count = 0 }
                continue
            }
            bits = bits << 6 | UInt32(value)
            count += 1
            // The first character of four completes no octet, each of the others one.
            switch count {
            case 2: decoded.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 3: decoded.append(UInt8(truncatingIfNeeded: bits >> 2))
            case 4:
                decoded.append(UInt8(truncatingIfNeeded: bits))
                count = 0
            default: break
            }
        }
        return decoded
    }

    private static func sextet(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): octet - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): octet - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// White space at the end of a line was added on the way (RFC 2045, section 6.7); an escape that is none stays.
    static func quotedPrintable(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(octets.count)
        var lines = ReceivedLines(octets)
        while let line = lines.next() {
            var content = octets[line.content]
            while let last = content.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") {
                content.removeLast()
            }
            let isSoft = content.last == UInt8(ascii: "=")
            if isSoft { content.removeLast() }
            decoded += Hexadecimal.unescaped(content, after: UInt8(ascii: "="))
            if !isSoft { decoded += octets[line.content.upperBound..<line.end] }
        }
        return decoded
    }
}
