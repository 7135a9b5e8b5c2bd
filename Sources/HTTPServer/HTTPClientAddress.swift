internal import CMicrohttpd

/// The address that a connection came from: IPv6, or IPv4 mapped into it (RFC 4291, section 2.5.5.2). Without the port.
public struct HTTPClientAddress: Hashable, Sendable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    /// What stands before the 32 bits of an IPv4 address.
    private static let mapped: UInt64 = 0xFFFF

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(_ address: cmicrohttpd_address) {
        self.init(high: address.high, low: address.low)
    }

    /// The address of an IPv4 host.
    init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        high = 0
        low = [first, second, third, fourth].reduce(Self.mapped) { $0 << 8 | UInt64($1) }
    }

    private var isIPv4: Bool { high == 0 && low >> 32 == Self.mapped }

    /// What one client has for itself: the address with IPv4, the network of 64 bits with IPv6.
    public var network: HTTPClientAddress {
        isIPv4 ? self : HTTPClientAddress(high: high, low: 0)
    }

    /// The address as it is written, without the abbreviations of IPv6.
    public var description: String {
        if isIPv4 {
            return (0..<4).map { String(low >> (24 - 8 * UInt64($0)) & 0xFF) }.joined(separator: ".")
        }
        return [high, low].flatMap { half in
            (0..<4).map { String(half >> (48 - 16 * UInt64($0)) & 0xFFFF, radix: 16) }
        }
        .joined(separator: ":")
    }
}
