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

    private static let ignored = [
        "categories", "custom_args", "batch_id", "asm", "ip_pool_name", "tracking_settings",
    ]
    private static let refused = ["send_at", "template_id", "sections"]
    private static let members = Set(
        [
            "personalizations", "from", "subject", "content", "reply_to", "reply_to_list", "attachments", "headers",
            "mail_settings",
        ] + ignored + refused)

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: Self.members)
        common.document.from = members.address("from", expected: "an object with email and name")?.mailbox
        common.document.subject = members.text("subject")
        if let replyTo = members.address("reply_to", expected: "an object with email and name")?.mailbox {
            common.document.replyTo = [replyTo]
        }
        common.document.replyTo += members.addressList("reply_to_list")
        readContent(&members)
        common.document.headers = members.headers("headers")
        if let files: ListDocument<SendGridAttachment> = members.nested(
            "attachments", expected: "a list of attachments")
        {
            common.document.attachments = files.elements.compactMap(\.attachment)
            common.document.places["attachments"] = files.places { $0.attachment != nil }
        }
        if let settings: SendGridMailSettings = members.nested("mail_settings", expected: "an object") {
            isSandboxed = settings.isSandboxed
            common.ignored += settings.ignored.map { "mail_settings." + $0 }
        }
        let list: ListDocument<SendGridPersonalization>? = members.nested(
            "personalizations", expected: "a list of objects")
        personalizations = list?.elements ?? []
        if personalizations.isEmpty, !members.hasError("/personalizations"), list?.errors.isEmpty ?? true {
            members.add(FieldError("/personalizations", "at least one is needed, with the recipients in to"))
        }
        members.refuse(Self.refused)
        common.ignored += members.present(Self.ignored)
        errors = members.errors
    }

    private mutating func readContent(_ members: inout Members) {
        guard let list: ListDocument<SendGridContent> = members.nested("content", expected: "a list of type and value")
        else { return }
        for (index, content) in list.elements.enumerated() {
            guard let type = content.type, let value = content.value else { continue }
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

/// A form of the body.
private struct SendGridContent: DecodableWithErrors {
    private(set) var type: MediaType?
    private(set) var value: String?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["type", "value"])
        type = members.mediaType("type", expected: "a string such as text/plain")
        value = members.text("value")
        if type == nil, !members.hasError("/type") { members.add(FieldError("/type", "the type is needed")) }
        if value == nil, !members.hasError("/value") { members.add(FieldError("/value", "the value is needed")) }
        errors = members.errors
    }
}

/// What concerns the handling of the message.
private struct SendGridMailSettings: DecodableWithErrors {
    private(set) var isSandboxed = false
    private(set) var ignored: [String] = []
    private(set) var errors = FieldErrors()

    private static let others = [
        "bypass_list_management", "bypass_spam_management", "bypass_bounce_management",
        "bypass_unsubscribe_management", "spam_check",
    ]

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: Set(Self.others + ["sandbox_mode", "footer"]))
        let sandbox: SendGridSwitch? = members.nested("sandbox_mode", expected: "an object with enable")
        isSandboxed = sandbox?.isEnabled ?? false
        let footer: SendGridSwitch? = members.nested("footer", expected: "an object with enable, text and html")
        if footer?.isEnabled == true { members.refuse(["footer"]) }
        ignored = members.present(Self.others)
        errors = members.errors
    }
}

/// Something that can be switched on. A misspelt switch must not send what was meant as a test.
private struct SendGridSwitch: DecodableWithErrors {
    private(set) var isEnabled = false
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["enable", "text", "html"])
        let enable: Bool? = members.value("enable", expected: "true or false")
        isEnabled = enable ?? false
        errors = members.errors
    }
}
