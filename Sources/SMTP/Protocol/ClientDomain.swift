internal import NIOCore

/// The name that a client gives in EHLO and HELO: a domain or an address literal (RFC 5321, section 4.1.1.1).
public struct ClientDomain: Hashable, Sendable, CustomStringConvertible {
    /// The name as it is sent.
    public let description: String

    /// Takes a domain, or an address literal (RFC 5321, section 4.1.3): `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
    ///
    /// The labels of a domain hold letters, digits, hyphens and underscores, which real hosts have, and neither begin nor
    /// end with a hyphen; the last one is not a number, as that of an address without brackets is.
    ///
    /// - Returns: nil if the name is neither.
    public init?(_ name: String) {
        guard name.utf8.count <= Self.maximumLength, Self.isLiteral(name) || Self.isDomain(name) else { return nil }
        description = name
    }

    /// The literal of the IPv4 loopback address.
    public static let loopback = ClientDomain(checked: "[127.0.0.1]")

    private init(checked description: String) {
        self.description = description
    }

    /// The literal of a connection's own address, or nil if it is no IP address.
    init?(literal address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        switch address {
        case .v4: description = "[\(text)]"
        // A zone has a meaning on this host only.
        case .v6: description = "[IPv6:\(text.prefix { $0 != "%" })]"
        default: return nil
        }
    }

    /// Octets of a domain at most (RFC 5321, section 4.5.3.1.2).
    private static let maximumLength = 255
    /// Octets of a label at most (RFC 1035, section 2.3.4).
    private static let maximumLabel = 63

    private static func isDomain(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy(isLabel), let last = labels.last else { return false }
        return !last.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...maximumLabel).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    private static func isLiteral(_ name: String) -> Bool {
        guard name.hasPrefix("["), name.hasSuffix("]") else { return false }
        let inner = name.dropFirst().dropLast()
        let tag = "ipv6:"
        let isTagged = inner.lowercased().hasPrefix(tag)
        switch try? SocketAddress(ipAddress: String(isTagged ? inner.dropFirst(tag.count) : inner), port: 0) {
        case .v4: return !isTagged
        case .v6: return isTagged && !inner.contains("%")
        default: return false
        }
    }
}
