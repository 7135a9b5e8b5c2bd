/// Something that can be switched on. A misspelt switch must not send what was meant as a test.
struct SendGridSwitch: DecodableWithErrors {
    private enum Member: String, MemberName { case enable, text, html }

    private(set) var isEnabled = false
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        while let member: Member = members.next() {
            if member == .enable { isEnabled = members.flag() ?? false }
        }
        errors = members.errors
    }
}
