internal import MailAddress

/// Who vouches for a message, and with which key: a domain and a selector (RFC 6376, sections 3.1 and 3.5).
///
/// The public key is looked up at `selector._domainkey.domain`.
public struct DKIMIdentity: Sendable {
    /// The domain that signs, in lower case and in its A-label form.
    public let domain: String
    /// The name of the key in that domain.
    public let selector: String
    /// The key.
    public let key: DKIMKey

    /// The longest name of a record in octets (RFC 1035, section 2.3.4).
    private static let maximumNameOctets = 253

    /// Checks domain and selector.
    ///
    /// Throws a ``DKIMError`` where one of them cannot be the name of a record.
    public init(domain: String, selector: String, key: DKIMKey) throws(DKIMError) {
        guard let checked = Self.checked(domain) else { throw .domain }
        guard let name = Self.checked(selector), "\(name)._domainkey.\(checked)".utf8.count <= Self.maximumNameOctets
        else { throw .selector }
        self.domain = checked
        self.selector = name
        self.key = key
    }

    /// A name that an address can have for its domain is one that a record can have.
    private static func checked(_ name: String) -> String? {
        guard let address = try? AddrSpec("x@\(name)"), !address.domain.hasPrefix("[") else { return nil }
        return address.domain.lowercased()
    }

    /// Whether the identity may vouch for mail from a domain: its own, or one below it.
    func covers(_ domain: String) -> Bool {
        domain == self.domain || domain.hasSuffix(".\(self.domain)")
    }
}
