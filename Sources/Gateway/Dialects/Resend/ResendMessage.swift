internal import InternetMessage

/// The document of `POST /emails`.
struct ResendMessage: DecodableWithErrors {
    private(set) var message = VendorMessage()
    /// Whether there are attachments, which a batch may not have.
    private(set) var hasAttachments = false
    private(set) var errors = FieldErrors()

    /// The most addresses in `to`.
    private static let maximumRecipients = 50
    private enum Member: String, MemberName {
        case from, to, cc, bcc, replyTo = "reply_to", subject, text, html, headers, attachments
        // They are taken and have no effect.
        case tags, topicID = "topic_id"
        // They would change what is sent, or when.
        case scheduledAt = "scheduled_at", template
    }

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        while let member: Member = members.next() {
            switch member {
            case .from: message.document.from = members.address("an address such as Name <a@b>")
            case .to:
                message.document.to = members.filledAddresses()
                if message.document.to.count > Self.maximumRecipients {
                    members.refuse("there are more than \(Self.maximumRecipients) addresses; send to fewer")
                }
            case .cc: message.document.cc = members.filledAddresses()
            case .bcc: message.document.bcc = members.filledAddresses()
            case .replyTo: message.document.replyTo = members.filledAddresses()
            case .subject: message.document.subject = members.text()
            case .text: message.document.text = members.text()
            case .html: message.document.html = members.filled()
            case .headers: message.document.headers = members.filledHeaders()
            case .attachments:
                let list: ListDocument<ResendAttachment>? = members.part("a list of attachments")
                hasAttachments = list?.elements.isEmpty == false
                message.document.setAttachments(list?.values(\.attachment))
            case .tags, .topicID: message.ignore(&members)
            case .scheduledAt, .template: members.refuseIfFilled()
            }
        }
        errors = members.errors
        message.document.errors = errors
    }

    /// The members that are needed and missing, if nothing else is wrong.
    var missing: [String] {
        guard errors.isEmpty else { return [] }
        let document = message.document
        return [
            document.from == nil ? "from" : nil,
            document.to.isEmpty && document.cc.isEmpty && document.bcc.isEmpty ? "to" : nil,
            document.subject == nil ? "subject" : nil,
        ].compactMap(\.self)
    }
}
