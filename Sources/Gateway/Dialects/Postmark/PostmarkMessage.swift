internal import InternetMessage
internal import MailAddress

/// The document of `POST /email`.
struct PostmarkMessage: DecodableWithErrors {
    private(set) var message = VendorMessage()
    /// The member `To` as it came, which the response repeats; nil if there was none.
    private(set) var to: String?
    private(set) var errors = FieldErrors()

    /// The most recipients in `To`, `Cc` and `Bcc` together.
    private static let maximumRecipients = 50
    private static let ignored = ["Tag", "TrackOpens", "TrackLinks", "Metadata", "MessageStream"]
    private static let refused = ["TemplateId", "TemplateAlias", "TemplateModel", "InlineCss"]
    private static let members = Set(
        [
            "From", "To", "Cc", "Bcc", "ReplyTo", "Subject", "HtmlBody", "TextBody", "Headers", "Attachments",
        ] + ignored + refused)

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: Self.members)
        let authors = members.mailboxes("From")
        if authors.isEmpty, !members.hasError("/From") {
            members.add(FieldError("/From", "the sender's address is needed"))
        }
        if authors.count > 1 { members.add(FieldError("/From", "give one address")) }
        message.document.from = authors.first
        (to, message.document.to) = members.textAndMailboxes("To")
        message.document.cc = members.mailboxes("Cc")
        message.document.bcc = members.mailboxes("Bcc")
        let count = message.document.to.count + message.document.cc.count + message.document.bcc.count
        if count > Self.maximumRecipients {
            members.add(
                FieldError(
                    "/To", "\(count) recipients in To, Cc and Bcc are too many; \(Self.maximumRecipients) is the most"))
        }
        message.document.replyTo = members.mailboxes("ReplyTo")
        message.document.subject = members.text("Subject")
        message.document.text = members.text("TextBody")
        message.document.html = members.filled("HtmlBody")
        if message.document.text == nil, message.document.html == nil, !members.hasError("/TextBody"),
            !members.hasError("/HtmlBody")
        {
            members.add(FieldError("/TextBody", "one of TextBody and HtmlBody is needed"))
        }
        if let fields: ListDocument<PostmarkHeader> = members.nested("Headers", expected: "a list of headers") {
            message.document.headers = fields.elements.compactMap(\.field)
        }
        if let files: ListDocument<PostmarkAttachment> = members.nested(
            "Attachments", expected: "a list of attachments")
        {
            message.document.attachments = files.elements.compactMap(\.attachment)
            message.document.places["attachments"] = files.places { $0.attachment != nil }
        }
        members.refuse(Self.refused)
        message.ignored = members.present(Self.ignored)
        errors = members.errors
        message.document.errors = errors
    }
}
