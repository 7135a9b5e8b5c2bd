internal import InternetMessage

/// The document of `POST /emails`.
struct ResendMessage: DecodableWithErrors {
    private(set) var message = VendorMessage()
    /// Whether there are attachments, which a batch may not have.
    private(set) var hasAttachments = false
    private(set) var errors = FieldErrors()

    /// The most addresses in `to`.
    private static let maximumRecipients = 50
    private static let ignored = ["tags", "topic_id"]
    private static let refused = ["scheduled_at", "template"]
    private static let members: Set<String> = [
        "from", "to", "cc", "bcc", "reply_to", "subject", "html", "text", "headers", "attachments", "tags", "topic_id",
        "scheduled_at", "template",
    ]

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: Self.members)
        message.document.from = members.address("from", expected: "an address such as Name <a@b>")?.mailbox
        message.document.to = members.addressList("to")
        if message.document.to.count > Self.maximumRecipients {
            members.add(FieldError("/to", "there are more than \(Self.maximumRecipients) addresses; send to fewer"))
        }
        message.document.cc = members.addressList("cc")
        message.document.bcc = members.addressList("bcc")
        message.document.replyTo = members.addressList("reply_to")
        message.document.subject = members.text("subject")
        message.document.text = members.text("text")
        message.document.html = members.filled("html")
        message.document.headers = members.headers("headers")
        if let files: ListDocument<ResendAttachment> = members.nested("attachments", expected: "a list of attachments")
        {
            hasAttachments = !files.elements.isEmpty
            message.document.attachments = files.elements.compactMap(\.attachment)
            message.document.places["attachments"] = files.places { $0.attachment != nil }
        }
        members.refuse(Self.refused)
        message.ignored = members.present(Self.ignored)
        errors = members.errors
        message.document.errors = errors
    }

    /// The needed members that are missing.
    var missing: [String] {
        var missing: [String] = []
        if message.document.from == nil, !errors.listed.contains(where: { $0.pointer.hasPrefix("/from") }) {
            missing.append("from")
        }
        let document = message.document
        if document.to.isEmpty, document.cc.isEmpty, document.bcc.isEmpty,
            !errors.listed.contains(where: { ["/to", "/cc", "/bcc"].contains($0.pointer.prefix(3)) })
        {
            missing.append("to")
        }
        if document.subject == nil, !errors.listed.contains(where: { $0.pointer == "/subject" }) {
            missing.append("subject")
        }
        return missing
    }
}
