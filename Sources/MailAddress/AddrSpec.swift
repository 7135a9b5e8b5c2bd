/// An address that can be used in `MAIL FROM` and `RCPT TO`: the Mailbox of RFC 5321, section 4.1.2, with the
/// internationalised local part of RFC 6531.
///
///     let address = try AddrSpec("ann@example.org")
///
/// A value never holds CR, LF, NUL or another control character. Comments and folding white space are no part of it.
/// Two values are equal when they name the same mailbox: the case of the domain does not count, that of the local part
/// does (RFC 5321, section 2.4).
public struct AddrSpec: Hashable, Sendable, CustomStringConvertible {
    /// The longest local part in octets as written, with its quotes (RFC 5321, section 4.5.3.1.1).
    public static let maximumLocalPartOctets = 64

    /// The longest address in octets: a path of 256 without its angle brackets (RFC 5321, section 4.5.3.1.3).
    public static let maximumOctets = 254

    /// What stands before the `@`, without quotes and backslashes.
    public let localPart: String

    /// What stands after the `@`: a domain name, or an address literal in its brackets. It is as it was written, but for
    /// a domain that is not ASCII, which is in its A-label form (RFC 5890, section 2.3.2.1).
    public let domain: String

    /// Whether the local part is not ASCII, so that only a server with SMTPUTF8 can take it (RFC 6531, section 3.4).
    /// A domain is always ASCII here.
    public let needsSMTPUTF8: Bool

    /// Whether the local part must be a quoted string, because it is no dot-atom.
    let isQuoted: Bool

    init(localPart: String, domain: String, isQuoted: Bool) {
        self.localPart = localPart
        self.domain = domain
        self.isQuoted = isQuoted
        var utf8 = localPart.utf8Span
        needsSMTPUTF8 = !utf8.checkForASCII()
    }

    /// Reads an address and nothing else.
    ///
    /// Throws an `AddressError` that says what is wrong, where, and what to do.
    public init(_ text: String) throws(AddressError) {
        let utf8 = text.utf8
        let octets = utf8.span
        let (address, end) = try AddrSpecParser.parse(octets, from: 0)
        guard end == octets.count else {
            throw AddressError(AddrSpecParser.reason(forTrailing: octets[end]), at: end)
        }
        self = address
    }

    /// The form that is valid in `MAIL FROM:<…>` and in a header field, the local part quoted only when it must be.
    public var description: String {
        isQuoted ? "\(quotedLocalPart)@\(domain)" : "\(localPart)@\(domain)"
    }

    /// The number of octets of `description`.
    public var octetCount: Int {
        guard isQuoted else { return localPart.utf8.count + 1 + domain.utf8.count }
        return description.utf8.count
    }

    /// Appends `description` as UTF-8, without building a string.
    public func append(to octets: inout [UInt8]) {
        octets.append(contentsOf: (isQuoted ? quotedLocalPart : localPart).utf8)
        octets.append(UInt8(ascii: "@"))
        octets.append(contentsOf: domain.utf8)
    }

    private var quotedLocalPart: String {
        var quoted = "\""
        for scalar in localPart.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        quoted += "\""
        return quoted
    }

    /// Compares octets: two spellings of a character are two mailboxes, as they are on the wire.
    public static func == (left: AddrSpec, right: AddrSpec) -> Bool {
        left.localPart.utf8.elementsEqual(right.localPart.utf8)
            && left.domain.utf8.elementsEqual(right.domain.utf8) { lowercased($0) == lowercased($1) }
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        for octet in localPart.utf8 { hasher.combine(octet) }
        hasher.combine(UInt8(ascii: "@"))
        for octet in domain.utf8 { hasher.combine(Self.lowercased(octet)) }
    }

    private static func lowercased(_ octet: UInt8) -> UInt8 {
        octet &- UInt8(ascii: "A") < 26 ? octet | 0x20 : octet
    }
}
