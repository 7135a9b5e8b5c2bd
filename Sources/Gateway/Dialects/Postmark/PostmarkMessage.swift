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
    private enum Member: String, MemberName {
        case from = "From", to = "To", cc = "Cc", bcc = "Bcc", replyTo = "ReplyTo", subject = "Subject"
        case html = "HtmlBody", text = "TextBody", headers = "Headers", attachments = "Attachments"
        // They are taken and have no effect.
        case tag = "Tag", trackOpens = "TrackOpens", trackLinks = "TrackLinks", metadata = "Metadata"
        case messageStream = "MessageStream"
        // They would change what is sent.
        case templateID = "TemplateId", templateAlias = "TemplateAlias", templateModel = "TemplateModel"
        case inlineCSS = "InlineCss"
    }

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var authors: [Mailbox] = []
        while let member: Member = members.next() {
            switch member {
            case .from:
                authors = members.mailboxes()
                if authors.count > 1 { members.refuse("give one address") }
            case .to: (to, message.document.to) = members.textAndMailboxes()
            case .cc: message.document.cc = members.mailboxes()
            case .bcc: message.document.bcc = members.mailboxes()
            case .replyTo: message.document.replyTo = members.mailboxes()
            case .subject: message.document.subject = members.text()
            case .html: message.document.html = members.filled()
            case .text: message.document.text = members.text()
            case .headers:
                let list: ListDocument<PostmarkHeader>? = members.part("a list of headers")
                message.document.headers = list?.values(\.field).values ?? []
            case .attachments:
                let list: ListDocument<PostmarkAttachment>? = members.part("a list of attachments")
                message.document.setAttachments(list?.values(\.attachment))
            case .tag, .trackOpens, .trackLinks, .metadata, .messageStream: message.ignore(&members)
            case .templateID, .templateAlias, .templateModel, .inlineCSS: members.refuseIfFilled()
            }
        }
        message.document.from = authors.first
        if authors.isEmpty, !members.hasError("/From") {
            members.add(FieldError("/From", "the sender's address is needed"))
        }
        let count = message.document.to.count + message.document.cc.count + message.document.bcc.count
        if count > Self.maximumRecipients {
            members.add(
                FieldError(
                    "/To", "\(count) recipients in To, Cc and Bcc are too many; \(Self.maximumRecipients) is the most"))
        }
        if message.document.text == nil, message.document.html == nil, !members.hasError("/TextBody"),
            !members.hasError("/HtmlBody")
        {
            members.add(FieldError("/TextBody", "one of TextBody and HtmlBody is needed"))
        }
        errors = members.errors
        message.document.errors = errors
    }
}
