public import MailAddress

/// A message before it is written down: who, to whom, what.
///
///     var message = Message(from: [ann], date: MessageDate(seconds: now), seed: seed)
///     message.to = [bob]
///     message.subject = "Hi"
///     message.text = "How are you?"
///     let composed = try Composer.compose(message)
///
/// There is no place for blind copies: they belong in the envelope and never in the message (RFC 5322, section 3.6.3).
public struct Message: Hashable, Sendable {
    /// The most mailboxes in each of `from`, `replyTo`, `to` and `cc`.
    public static let maximumMailboxes = 10_000
    /// The most attachments, and the most alternatives.
    public static let maximumParts = 1_000
    /// The most additional header fields.
    public static let maximumHeaders = 1_000
    /// The longest subject and file name in octets of UTF-8.
    public static let maximumTextOctets = HeaderText.maximumOctets

    /// The authors, at least one.
    public var from: [Mailbox]
    /// Who sent the message where that is not its single author; needed when there are several.
    public var sender: Mailbox?
    /// Where answers should go instead.
    public var replyTo: [Mailbox]
    /// The primary recipients. There may be none, when all copies are blind.
    public var to: [Mailbox]
    /// The recipients of copies.
    public var cc: [Mailbox]
    /// The subject as plain text; nil leaves the field out.
    public var subject: String?
    /// The body as plain text. CR, LF and CRLF are line breaks.
    public var text: String?
    /// The body as HTML. CR, LF and CRLF are line breaks.
    public var html: String?
    /// Further forms of the body, each preferred to those before it and to text and HTML; but AMP and HTML for watches
    /// go in front of the HTML, as their makers ask.
    public var alternatives: [Alternative]
    /// What is attached to the body or shown in it.
    public var attachments: [Attachment]
    /// Further header fields, in this order.
    public var headers: [HeaderField]
    /// The date of the message, and of its being resent, if no header field gives one.
    public var date: MessageDate
    /// The identifier; nil makes one of the seed and the domain of the first author.
    public var messageID: MessageID?
    /// Whether text may be written in 8-bit octets, which only a server with 8BITMIME can take (RFC 6152).
    ///
    /// A message that is signed had better do without: a server further on that lacks 8BITMIME makes the one before it
    /// encode the content, and the signature is void (RFC 6376, section 5.3).
    public var allowsEightBit = false
    /// The random bits that make identifier and boundaries.
    public var seed: MessageSeed

    /// A message without recipients and content.
    public init(from: [Mailbox], date: MessageDate, seed: MessageSeed) {
        self.init(from: from, to: [], subject: nil, text: nil, date: date, seed: seed)
    }

    /// A message with recipients and content.
    public init(
        from: [Mailbox], replyTo: [Mailbox] = [], to: [Mailbox], cc: [Mailbox] = [], subject: String?, text: String?,
        html: String? = nil, alternatives: [Alternative] = [], attachments: [Attachment] = [],
        headers: [HeaderField] = [], date: MessageDate, messageID: MessageID? = nil, seed: MessageSeed
    ) {
        self.from = from
        self.replyTo = replyTo
        self.to = to
        self.cc = cc
        self.subject = subject
        self.text = text
        self.html = html
        self.alternatives = alternatives
        self.attachments = attachments
        self.headers = headers
        self.date = date
        self.messageID = messageID
        self.seed = seed
    }

    /// Whether an address in the header section is not ASCII, so that only a server with SMTPUTF8 can take the message
    /// (RFC 6532).
    public var needsSMTPUTF8: Bool {
        Self.needSMTPUTF8(from) || Self.needSMTPUTF8(replyTo) || Self.needSMTPUTF8(to) || Self.needSMTPUTF8(cc)
            || sender?.address.needsSMTPUTF8 ?? false
            || headers.contains(where: \.needsSMTPUTF8)
    }

    private static func needSMTPUTF8(_ mailboxes: [Mailbox]) -> Bool {
        mailboxes.contains { $0.address.needsSMTPUTF8 }
    }
}
