internal import InternetMessage
internal import MailAddress

/// The document of `POST /v3/mail/send`: what all messages have in common, and each message's own part of it.
struct SendGridMail: DecodableWithErrors {
    private(set) var common = VendorMessage()
    private(set) var personalizations: [SendGridPersonalization] = []
    /// Whether the messages are checked and not sent.
    private(set) var isSandboxed = false
    /// Where in the document the forms of the body stand, by what our own documents call them.
    private(set) var contentNames = ["alternatives": "content"]
    private(set) var errors = FieldErrors()

    static let maximumPersonalizations = 1_000

    private enum Member: String, MemberName {
        case personalizations, from, subject, content, replyTo = "reply_to", replyToList = "reply_to_list", attachments
        case headers, mailSettings = "mail_settings"
        // They are taken and have no effect.
        case categories, customArgs = "custom_args", batchID = "batch_id", asm, ipPoolName = "ip_pool_name"
        case trackingSettings = "tracking_settings"
        // They would change what is sent, or when.
        case sendAt = "send_at", templateID = "template_id", sections
    }

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var hasList = false
        while let member: Member = members.next() {
            switch member {
            case .personalizations:
                let list: ListDocument<SendGridPersonalization>? = members.part("a list of objects")
                personalizations = list?.elements.compactMap(\.self) ?? []
                hasList = list?.errors.isEmpty == false
            case .from: common.document.from = members.address("an object with email and name")
            case .subject: common.document.subject = members.text()
            case .content: readContent(&members)
            case .replyTo:
                if let mailbox = members.address("an object with email and name") {
                    common.document.replyTo.insert(mailbox, at: 0)
                }
            case .replyToList: common.document.replyTo += members.filledAddresses()
            case .attachments:
                let list: ListDocument<SendGridAttachment>? = members.part("a list of attachments")
                common.document.setAttachments(list?.values(\.attachment))
            case .headers: common.document.headers = members.filledHeaders()
            case .mailSettings:
                let settings: SendGridMailSettings? = members.part("an object")
                isSandboxed = settings?.isSandboxed ?? false
                common.ignored += settings?.ignored.map { "mail_settings." + $0 } ?? []
            case .categories, .customArgs, .batchID, .asm, .ipPoolName, .trackingSettings: common.ignore(&members)
            case .sendAt, .templateID, .sections: members.refuseIfFilled()
            }
        }
        if personalizations.isEmpty, !members.hasError("/personalizations"), !hasList {
            members.add(FieldError("/personalizations", "at least one is needed, with the recipients in to"))
        }
        errors = members.errors
    }

    private mutating func readContent(_ members: inout Members) {
        guard let list: ListDocument<SendGridContent> = members.part("a list of type and value") else { return }
        for (index, content) in list.elements.enumerated() {
            guard let type = content?.type, let value = content?.value else { continue }
            switch type.description.lowercased() {
            case "text/plain" where common.document.text == nil:
                common.document.text = value
                contentNames["text"] = "content/\(index)/value"
            case "text/html" where common.document.html == nil:
                common.document.html = value
                contentNames["html"] = "content/\(index)/value"
            case "text/plain", "text/html":
                members.add(FieldError("/content/\(index)/type", "this type is given twice"))
            default:
                common.document.alternatives.append(Alternative(contentType: type, content: .text(value)))
                common.document.places["alternatives", default: []].append(index)
            }
        }
    }

    /// Whether the identifier is given for all messages.
    var hasMessageID: Bool { common.document.headers.contains { $0.name.lowercased() == "message-id" } }

    /// The message of a personalization: what that has beats what all have.
    func message(of personalization: SendGridPersonalization) -> VendorMessage {
        var message = common
        message.document.from = personalization.from ?? message.document.from
        message.document.to = personalization.to
        message.document.cc = personalization.cc
        message.document.bcc = personalization.bcc
        message.document.subject = personalization.subject ?? message.document.subject
        let own = Set(personalization.headers.map { $0.name.lowercased() })
        message.document.headers =
            message.document.headers.filter { !own.contains($0.name.lowercased()) } + personalization.headers
        if message.document.from == nil {
            message.document.errors.add(FieldError("/from", "the sender's address is needed"))
        }
        return message
    }
}
