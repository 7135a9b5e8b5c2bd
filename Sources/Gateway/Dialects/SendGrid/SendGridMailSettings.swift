/// What concerns the handling of the message.
struct SendGridMailSettings: DecodableWithErrors {
    private enum Member: String, MemberName {
        case sandboxMode = "sandbox_mode", footer
        // They are taken and have no effect.
        case bypassListManagement = "bypass_list_management", bypassSpamManagement = "bypass_spam_management"
        case bypassBounceManagement = "bypass_bounce_management", spamCheck = "spam_check"
        case bypassUnsubscribeManagement = "bypass_unsubscribe_management"
    }

    private(set) var isSandboxed = false
    private(set) var ignored: [String] = []
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        while let member: Member = members.next() {
            switch member {
            case .sandboxMode:
                let sandbox: SendGridSwitch? = members.part("an object with enable")
                isSandboxed = sandbox?.isEnabled ?? false
            case .footer:
                let footer: SendGridSwitch? = members.part("an object with enable, text and html")
                if footer?.isEnabled == true { members.refuse("footer is not supported; leave it out") }
            default: if members.isFilled() { ignored.append(members.name) }
            }
        }
        errors = members.errors
    }
}
