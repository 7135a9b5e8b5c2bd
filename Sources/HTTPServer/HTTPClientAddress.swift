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

    /// Reads an IPv4 or an IPv6 address, without brackets and without a zone; nil for what is none.
    public init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var address = cmicrohttpd_address()
        let isAddress = unsafe text.withCString { unsafe cmicrohttpd_read_address($0, &address) }
        guard isAddress == 1 else { return nil }
        self.init(address)
    }

    /// Whether the first bits are those of another address. An IPv4 address has 96 bits before its own.
    func hasPrefix(_ bits: Int, of other: HTTPClientAddress) -> Bool {
        let highMask = bits >= 64 ? UInt64.max : bits == 0 ? 0 : UInt64.max << (64 - UInt64(bits))
        let lowMask = bits <= 64 ? 0 : UInt64.max << (128 - UInt64(bits))
        return (high ^ other.high) & highMask == 0 && (low ^ other.low) & lowMask == 0
    }

    /// Whether it is an IPv4 address.
    var isIPv4: Bool { high == 0 && low >> 32 == Self.mapped }

    /// What one client has for itself: the address with IPv4, the network of 64 bits with IPv6.
    public var network: HTTPClientAddress {
        isIPv4 ? self : HTTPClientAddress(high: high, low: 0)
    }

    /// Who is connected through a socket of the file system.
    static let local = HTTPClientAddress(high: 0, low: 0)

    /// The address as it is written, without the abbreviations of IPv6; `unix` for a socket of the file system.
    public var description: String {
        if self == .local { return "unix" }
        if isIPv4 {
            return (0..<4).map { String(low >> (24 - 8 * UInt64($0)) & 0xFF) }.joined(separator: ".")
        }
        return [high, low].flatMap { half in
            (0..<4).map { String(half >> (48 - 16 * UInt64($0)) & 0xFFFF, radix: 16) }
        }
        .joined(separator: ":")
    }
}
