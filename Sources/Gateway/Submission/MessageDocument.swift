internal import InternetMessage
internal import MailAddress
internal import SMTP

/// The JSON document of `POST /messages`, read as far as it goes: every error is kept.
struct MessageDocument: DecodableWithErrors {
    var from: Mailbox?
    var to: [Mailbox] = []
    var cc: [Mailbox] = []
    var bcc: [Mailbox] = []
    var replyTo: [Mailbox] = []
    var subject: String?
    var text: String?
    var html: String?
    var headers: [(name: String, value: String)] = []
    var alternatives: [Alternative] = []
    var attachments: [Attachment] = []
    /// Where in the document the alternatives and the attachments stand that could be read.
    var places: [String: [Int]] = [:]
    var envelope: EnvelopeDocument?
    var notification: DeliveryStatusNotification?
    var requiresTLS: Bool?
    var recipientPolicy: Envelope.RecipientPolicy?
    /// Whether the identifier of the message is a UUID, which some clients expect.
    var hasUUID = false
    /// Whether it names no author, and none that is wrong either.
    private(set) var isWithoutAuthor = false
    var errors = FieldErrors()

    /// The most common ones first: a name is compared with one after the other.
    private enum Member: String, MemberName {
        case from, to, subject, text, html, attachments, cc, bcc, replyTo = "reply_to", headers, alternatives, envelope
        case recipientPolicy = "recipient_policy", requireTLS = "require_tls", dsn
    }

    /// A document without anything in it.
    init() {}

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        isWithoutAuthor = true
        while let member: Member = members.next() {
            switch member {
            case .from:
                isWithoutAuthor = false
                from = members.address("an address: a string or an object with name and address")
            case .to: to = members.addresses()
            case .cc: cc = members.addresses()
            case .bcc: bcc = members.addresses()
            case .replyTo: replyTo = members.addresses()
            case .subject: subject = members.text()
            case .text: text = members.text()
            case .html: html = members.text()
            case .headers: headers = members.headers()
            case .alternatives:
                let list: ListDocument<AlternativeDocument>? = members.part("a list of alternatives")
                if let list { (alternatives, places["alternatives"]) = list.values(\.alternative) }
            case .attachments:
                let list: ListDocument<AttachmentDocument>? = members.part("a list of attachments")
                setAttachments(list?.values(\.attachment))
            case .envelope: envelope = members.part("an object with from and to")
            case .recipientPolicy:
                if let policy: Policy = members.word("\"any\" or \"all\"") {
                    recipientPolicy = policy == .all ? .all : .any
                }
            case .requireTLS: requiresTLS = members.flag()
            case .dsn:
                let dsn: NotificationDocument? = members.part("an object with notify, return and id")
                notification = dsn?.notification
            }
        }
        errors = members.errors
    }

    /// Those of the header fields that receive the message.
    var recipients: [AddrSpec] {
        var recipients = to.map(\.address)
        for mailbox in cc { recipients.append(mailbox.address) }
        for mailbox in bcc { recipients.append(mailbox.address) }
        return recipients
    }

    private enum Policy: String { case any, all }

    /// Sets the attachments that could be read; nil if there was no list of them.
    mutating func setAttachments(_ list: (values: [Attachment], places: [Int])?) {
        if let list { (attachments, places["attachments"]) = list }
    }

    /// Adds attachments that come beside the document, and the errors in them.
    mutating func add(_ files: [Attachment], places indexes: [Int], errors others: FieldErrors) {
        attachments += files
        places["attachments", default: []] += indexes
        errors.add(others)
    }
}
