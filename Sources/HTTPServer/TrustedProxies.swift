/// The proxies in front of the server whose `X-Forwarded-For` is trusted.
///
///     let proxies = TrustedProxies(["10.0.0.0/8", "::1"])
public struct TrustedProxies: Sendable {
    private struct Network {
        let address: HTTPClientAddress
        let bits: Int

        func holds(_ other: HTTPClientAddress) -> Bool { other.hasPrefix(bits, of: address) }
    }

    /// The field to which each proxy adds the address of its client.
    private static let field = "X-Forwarded-For"

    private let networks: [Network]

    /// Reads addresses and networks, `192.0.2.1`, `10.0.0.0/8` or `2001:db8::/32`, and `unix` for whoever is connected through
    /// a socket of the file system; nil if one of them is none of these.
    public init?(_ texts: [String]) {
        var networks: [Network] = []
        for text in texts {
            if text == "unix" {
                networks.append(Network(address: .local, bits: 128))
                continue
            }
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let address = HTTPClientAddress(String(parts[0])) else { return nil }
            let length = address.isIPv4 ? 32 : 128
            var bits = length
            if parts.count == 2 {
                guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]),
                    given <= length
                else { return nil }
                bits = given
            }
            networks.append(Network(address: address, bits: 128 - length + bits))
        }
        self.networks = networks
    }

    /// Returns the client's address: the last one of `X-Forwarded-For` that is not a trusted proxy, if the connection comes
    /// from one. What stands before that address was written by somebody who is not trusted.
    func client(of headers: HTTPHeaders, from peer: HTTPClientAddress) -> HTTPClientAddress {
        guard isTrusted(peer) else { return peer }
        var client = peer
        let hops = headers.values(Self.field).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        for hop in hops.reversed() {
            // A proxy that does not say it is as far as one can see.
            guard let address = Self.address(hop) else { return client }
            client = address
            guard isTrusted(address) else { return client }
        }
        return client
    }

    private func isTrusted(_ address: HTTPClientAddress) -> Bool { networks.contains { $0.holds(address) } }

    /// An address with or without a port; an IPv6 address with one has brackets.
    private static func address(_ hop: Substring) -> HTTPClientAddress? {
        let octets = hop.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        var text = String(Substring(octets))
        while text.utf8.last == 0x20 || text.utf8.last == 0x09 { text.removeLast() }
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            let address = HTTPClientAddress(String(text[text.index(after: text.startIndex)..<bracket]))
            return address == .local ? nil : address
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let address = HTTPClientAddress(parts.count == 2 ? String(parts[0]) : text)
        // No text means the socket of the file system.
        return address == .local ? nil : address
    }
}
