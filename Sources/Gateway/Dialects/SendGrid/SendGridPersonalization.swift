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

    private enum Member: String, MemberName {
        case from, to, cc, bcc, subject, headers, customArgs = "custom_args"
        // They would change what is sent, or when.
        case substitutions, dynamicTemplateData = "dynamic_template_data", sendAt = "send_at"
    }

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        while let member: Member = members.next() {
            switch member {
            case .from: from = members.address("an object with email and name")
            case .to: to = members.filledAddresses()
            case .cc: cc = members.filledAddresses()
            case .bcc: bcc = members.filledAddresses()
            case .subject: subject = members.filled()
            case .headers: headers = members.filledHeaders()
            case .customArgs: if members.isFilled() { ignored = [members.name] }
            case .substitutions, .dynamicTemplateData, .sendAt: members.refuseIfFilled()
            }
        }
        if to.isEmpty, !members.hasError("/to") { members.add(FieldError("/to", "at least one recipient is needed")) }
        errors = members.errors
    }
}
