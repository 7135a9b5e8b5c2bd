internal import MailAddress

/// What one message of ``SendGridMail`` has for itself.
struct SendGridPersonalization: DecodableWithErrors {
    private(set) var from: Mailbox?
    private(set) var to: [Mailbox] = []
    private(set) var cc: [Mailbox] = []
    private(set) var bcc: [Mailbox] = []
    private(set) var subject: String?
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var ignored: [String] = []
    private(set) var errors = FieldErrors()

    private static let refused = ["substitutions", "dynamic_template_data", "send_at"]

    init(from decoder: any Decoder) throws {
        var members = try Members(
            of: decoder, known: Set(["from", "to", "cc", "bcc", "subject", "headers", "custom_args"] + Self.refused))
        from = members.address("from", expected: "an object with email and name")?.mailbox
        to = members.addressList("to")
        if to.isEmpty, !members.hasError("/to") { members.add(FieldError("/to", "at least one recipient is needed")) }
        cc = members.addressList("cc")
        bcc = members.addressList("bcc")
        subject = members.filled("subject")
        headers = members.headers("headers")
        members.refuse(Self.refused)
        ignored = members.present(["custom_args"])
        errors = members.errors
    }
}
