/// The name that a client gives in EHLO and HELO: a domain or an address literal (RFC 5321, section 4.1.1.1).
public struct ClientDomain: Hashable, Sendable, CustomStringConvertible {
    /// The name as it is sent.
    public let description: String

    /// Takes a name of letters, digits, hyphens, dots and underscores, or an address literal in brackets.
    ///
    /// - Returns: nil where the name is empty, longer than 255 octets, or holds anything else.
    public init?(_ name: String) {
        let literal = name.hasPrefix("[") && name.hasSuffix("]") && name.utf8.count > 2
        let inner = literal ? name.dropFirst().dropLast() : Substring(name)
        guard !inner.isEmpty, name.utf8.count <= 255, inner.utf8.allSatisfy({ Self.isAllowed($0, literal: literal) })
        else { return nil }
        description = name
    }

    private static func isAllowed(_ byte: UInt8, literal: Bool) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        case UInt8(ascii: ":"): literal
        default: false
        }
    }
}
