/// The recipients by which failures can be tried; everyone else is accepted. The local part decides, at any domain, and
/// may go on behind a plus sign: `reject+anything@example.net`.
///
/// | local part | what happens |
/// |---|---|
/// | `reject` | RCPT is answered 550 5.1.1 |
/// | `defer` | RCPT is answered 451 4.3.0 |
/// | `full` | the content is answered 552 5.2.2 |
/// | `drop` | the connection ends behind the content, without a reply |
enum SandboxRules {
    enum Fate {
        case accept
        case refuse(String)
        case refuseContent(String)
        case drop
    }

    static func fate(of forwardPath: String) -> Fate {
        let localPart = forwardPath.prefix { $0 != "@" && $0 != "+" }.lowercased()
        return switch localPart {
        case "reject": .refuse("550 5.1.1 User unknown")
        case "defer": .refuse("451 4.3.0 Try again later")
        case "full": .refuseContent("552 5.2.2 Mailbox full")
        case "drop": .drop
        default: .accept
        }
    }
}
