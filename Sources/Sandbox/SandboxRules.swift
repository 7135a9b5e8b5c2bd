/// The recipients by which failures can be tried; everyone else is accepted.
///
/// The local part decides, in any case of letters and at any domain. It may go on behind a plus sign, which changes
/// nothing but for `slow`: `reject+anything@example.net`.
///
/// | recipient | what happens |
/// |---|---|
/// | `reject@…` | RCPT is answered `550 5.1.1 User unknown` |
/// | `defer@…` | RCPT is answered `451 4.3.0 Try again later` |
/// | `full@…` | RCPT is accepted, the content is answered `552 5.2.2 Mailbox full` |
/// | `drop@…` | RCPT is accepted, the connection is closed behind the content without a reply |
/// | `slow+N@…` | the final reply comes after N seconds, 60 at most; `slow@…` after 5 |
///
/// Several of them in one message: a refused recipient does not count; `drop` beats `full`; the longest delay counts, and
/// comes before everything else.
enum SandboxRules {
    /// What a recipient does to its message.
    enum Rule: Equatable {
        case accept
        case refuse(SandboxReply)
        case refuseContent(SandboxReply)
        case drop
        case delay(seconds: Int)
    }

    /// The delay of `slow` without a number, in seconds: to be noticed, and shorter than anyone's patience.
    static let defaultDelay = 5
    /// The longest delay in seconds: a connection must not be held for as long as someone likes.
    static let maximumDelay = 60

    static func rule(for forwardPath: String) -> Rule {
        let localPart = forwardPath.prefix { $0 != "@" }
        let parts = localPart.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        return switch parts.first?.lowercased() {
        case "reject": .refuse(SandboxReply("550 5.1.1 User unknown"))
        case "defer": .refuse(SandboxReply("451 4.3.0 Try again later"))
        case "full": .refuseContent(SandboxReply("552 5.2.2 Mailbox full"))
        case "drop": .drop
        case "slow": .delay(seconds: delay(parts.dropFirst().first ?? ""))
        default: .accept
        }
    }

    private static func delay(_ text: Substring) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return defaultDelay
        }
        // Digits that fit no Int are more than the most.
        return min(Int(text) ?? maximumDelay, maximumDelay)
    }
}
