internal import Crypto
public import MailAddress

/// Signs messages with DomainKeys Identified Mail (RFC 6376), canonicalised relaxed/relaxed.
///
///     let key = try DKIMKey(pem: text)
///     let signer = DKIMSigner([try DKIMIdentity(domain: "example.org", selector: "s1", key: key)])
///     var composed = try Composer.compose(message, spareOctets: signer.spareOctets)
///     try signer.sign(&composed, from: author, at: date)
///
/// It is a pure function of message, keys and time.
public struct DKIMSigner: Sendable {
    /// What a signature takes at most, with an RSA key of 4096 bits.
    private static let signatureOctets = 2_048

    private let identities: [DKIMIdentity]

    /// A signer with the identities that it may use.
    public init(_ identities: [DKIMIdentity]) {
        self.identities = identities
    }

    /// What ``sign(_:from:at:)`` adds to a message at most, more or less, so that room can be left for it.
    public var spareOctets: Int { identities.count * Self.signatureOctets }

    /// The identities that vouch for a domain: those of the domain itself, or else of the nearest one above it. With
    /// several keys a message gets as many signatures, as receivers need not know Ed25519.
    public func identities(for domain: String) -> [DKIMIdentity] {
        let domain = domain.lowercased()
        let covering = identities.filter { $0.covers(domain) }
        guard let longest = covering.map(\.domain.utf8.count).max() else { return [] }
        return covering.filter { $0.domain.utf8.count == longest }
    }

    /// Puts the signatures in front of a message. A message from a domain without a key stays as it is.
    ///
    /// - Parameters:
    ///   - message: the message, which gets the signatures.
    ///   - author: the address in `From:`, whose domain is to be aligned with the signature (RFC 7489, section 3.1.1).
    ///   - date: the moment of signing.
    /// - Throws: a ``DKIMError`` where a key makes no signature.
    public func sign(_ message: inout ComposedMessage, from author: AddrSpec, at date: MessageDate) throws(DKIMError) {
        let identities = identities(for: author.domain)
        guard !identities.isEmpty else { return }
        let section = ComposedFields(message.octets)
        let bodyHash = RelaxedBody.hash(message.octets, from: section.bodyStart)
        let signed = SignedFields(section)
        var fields: [UInt8] = []
        for identity in identities {
            try appendSignature(of: identity, signed, bodyHash: bodyHash, at: date, to: &fields)
        }
        message.prepend(fields)
    }

    /// Appends the field `DKIM-Signature` (RFC 6376, section 3.5).
    private func appendSignature(
        of identity: DKIMIdentity, _ signed: SignedFields, bodyHash: [UInt8], at date: MessageDate,
        to fields: inout [UInt8]
    ) throws(DKIMError) {
        var writer = HeaderWriter(capacity: Self.signatureOctets)
        writer.beginField("DKIM-Signature")
        for tag in [
            "v=1;", "a=\(identity.key.algorithm);", "c=relaxed/relaxed;", "d=\(identity.domain);",
            "s=\(identity.selector);", "t=\(date.seconds);",
        ] { writer.item(tag) }
        let names = signed.names
        for (index, name) in names.enumerated() {
            let text = name + (index == names.count - 1 ? ";" : ":")
            // White space may stand around the colons, and so the list can be folded.
            if index == 0 { writer.item("h=\(text)") } else { writer.continuation(text) }
        }
        var hashText: [UInt8] = []
        Base64.append(bodyHash[...], to: &hashText)
        writer.item("bh=\(String(decoding: hashText, as: UTF8.self));")
        writer.item("b=")
        // The field itself is signed last, without the signature and without the line's end (section 3.7).
        var own: [UInt8] = []
        RelaxedHeader.append(writer.octets.span, to: &own)
        var hasher = signed.hasher
        hasher.update(data: own)
        var signature: [UInt8] = []
        Base64.append(try identity.key.signature(of: hasher.finalize())[...], to: &signature)
        writer.brokenText(signature)
        writer.endLine()
        fields += writer.octets
    }
}

extension HeaderWriter {
    /// Writes something right behind what stands there, on a new line where it would not fit.
    mutating func continuation(_ text: String) {
        if column + text.utf8.count > Self.preferredLineOctets {
            endLine()
            octets.append(UInt8(ascii: " "))
        }
        append(text)
    }

    /// Writes text in which white space does not count, a full line at a time.
    fileprivate mutating func brokenText(_ text: [UInt8]) {
        for octet in text {
            if column == Self.preferredLineOctets {
                endLine()
                octets.append(UInt8(ascii: " "))
            }
            octets.append(octet)
        }
    }
}
