public import MailAddress

/// Who a message is from and whom it goes to, as the server is told (RFC 5321, section 2.3.1).
public struct Envelope: Hashable, Sendable {
    /// Whether a message is sent although some of its recipients were refused.
    public enum RecipientPolicy: Hashable, Sendable {
        /// It is sent when at least one recipient is accepted.
        case any
        /// It is sent only when every recipient is accepted; otherwise the transaction is reset.
        case all
    }

    /// The addresses, which never change. In an object, so that an envelope can be passed on for the price of one reference.
    private final class Addresses: Hashable, Sendable {
        let reversePath: AddrSpec?
        let recipients: [AddrSpec]
        let needSMTPUTF8: Bool

        init(_ reversePath: AddrSpec?, _ recipients: [AddrSpec]) {
            self.reversePath = reversePath
            self.recipients = recipients
            needSMTPUTF8 = recipients.contains(where: \.needsSMTPUTF8) || reversePath?.needsSMTPUTF8 ?? false
        }

        static func == (left: Addresses, right: Addresses) -> Bool {
            left === right || left.reversePath == right.reversePath && left.recipients == right.recipients
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(reversePath)
            hasher.combine(recipients)
        }
    }

    /// What the message asks of the server, in an object for the same reason.
    private final class Extensions: Hashable, Sendable {
        let asked: MailExtensions

        init(_ asked: MailExtensions) {
            self.asked = asked
        }

        static func == (left: Extensions, right: Extensions) -> Bool {
            left === right || left.asked == right.asked
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(asked)
        }
    }

    private var addresses: Addresses
    /// The reverse-path, nil for the null reverse-path `<>` (RFC 5321, section 4.5.5).
    public var reversePath: AddrSpec? { addresses.reversePath }
    /// The forward-paths. There is at least one.
    public var recipients: [AddrSpec] { addresses.recipients }
    /// Whether the message is sent although some recipients were refused.
    public var recipientPolicy = RecipientPolicy.any
    /// Whether recipients that the server does not take in one transaction are left over for further ones, in the
    /// writer's or the receipt's `remaining`: those beyond its LIMITS (RFC 9422), and those it answers 452 beside others
    /// that it takes (RFC 5321, section 4.5.3.1.10). Otherwise too many are an error, or `rejected`.
    public var maySplit = false
    /// The size of the content in octets, if it is known: declared to servers that offer SIZE (RFC 1870), and
    /// refused locally where it is larger than they take.
    public var size: Int?
    /// Whether SMTPUTF8 is needed: because an address does, or, if this is set, because the header section holds UTF-8
    /// (RFC 6531).
    public var needsSMTPUTF8: Bool {
        get { addresses.needSMTPUTF8 || headerNeedsSMTPUTF8 }
        set { headerNeedsSMTPUTF8 = newValue }
    }
    private var headerNeedsSMTPUTF8 = false
    /// What the message asks of the server beyond RFC 5321, or nil for nothing.
    public var extensions: MailExtensions? {
        get { wanted?.asked }
        set { wanted = newValue.map { Extensions($0) } }
    }
    private var wanted: Extensions?

    /// An envelope for at least one recipient.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where there is no recipient.
    public init(from reversePath: AddrSpec?, to recipients: [AddrSpec]) throws(SMTPError) {
        guard !recipients.isEmpty else {
            throw SMTPError(.invalidUse, stage: .mail, detail: "a message needs at least one recipient")
        }
        addresses = Addresses(reversePath, recipients)
    }

    /// The same envelope with another reverse-path.
    public func from(_ reversePath: AddrSpec?) -> Envelope {
        var envelope = self
        envelope.addresses = Addresses(reversePath, recipients)
        // The header section may need it though these addresses do not.
        envelope.needsSMTPUTF8 = headerNeedsSMTPUTF8
        return envelope
    }

    /// The same envelope for some of its recipients, one at least.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where there is none.
    public func `for`(_ recipients: [AddrSpec]) throws(SMTPError) -> Envelope {
        var part = try Envelope(from: reversePath, to: recipients)
        part.recipientPolicy = recipientPolicy
        part.maySplit = maySplit
        part.size = size
        // The header section may need it though these addresses do not. What the others need says nothing of these.
        part.needsSMTPUTF8 = headerNeedsSMTPUTF8
        part.extensions = extensions
        return part
    }

    /// An envelope from addresses as text; an empty `from` is the null reverse-path.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where an address is not valid or there is no recipient.
    public init(from reversePath: String, to recipients: [String]) throws(SMTPError) {
        var checked: [AddrSpec] = []
        checked.reserveCapacity(recipients.count)
        for recipient in recipients { checked.append(try Self.address(recipient, stage: .rcpt)) }
        try self.init(from: reversePath.isEmpty ? nil : try Self.address(reversePath, stage: .mail), to: checked)
    }

    private static func address(_ text: String, stage: SMTPStage) throws(SMTPError) -> AddrSpec {
        do {
            return try AddrSpec(text)
        } catch {
            throw SMTPError(.invalidUse, stage: stage, detail: "the address is not valid: \(error)")
        }
    }
}
