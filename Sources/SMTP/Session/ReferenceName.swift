internal import NIOSSL

/// The DNS name by which a client means to reach a server, as TLS knows it (RFC 6066, section 3; RFC 9525, section 6.1).
struct ReferenceName: CustomStringConvertible {
    /// The name, without the dot that makes it absolute.
    let description: String

    /// - Returns: nil if the host is an address, in any form that a resolver reads as one: `192.0.2.1`, `127.1`,
    ///   `2130706433`, `2001:db8::1`.
    init?(_ host: String) {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        guard !name.contains(":"), let last = name.split(separator: ".").last,
            !last.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), !last.lowercased().hasPrefix("0x")
        else { return nil }
        description = name
    }

    /// Whether a certificate is for this name.
    ///
    /// The TLS library accepts a certificate for the address that the connection has, too, so whoever can forge DNS and
    /// owns a certificate for an address of his own would pass. A name counts only if it is in the certificate (RFC 9525,
    /// section 6.3). A certificate without any alternative name is left to the library, which looks at the common name.
    func isNamed(in certificate: NIOSSLCertificate) -> Bool {
        let names = certificate._subjectAlternativeNames()
        return names.isEmpty
            || names.contains { name in
                name.nameType == .dnsName && matches(String(decoding: name.contents, as: UTF8.self))
            }
    }

    /// Whether a name of a certificate is this one. A `*` stands for one whole label, the leftmost.
    func matches(_ presented: String) -> Bool {
        let presented = presented.lowercased()
        let name = description.lowercased()
        guard presented.hasPrefix("*.") else { return presented == name }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return false }
        return name[dot...] == presented.dropFirst()
    }
}
