/// The addresses by which failures can be tried; everyone else is accepted.
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
/// | `rcpt-CODE@…` | RCPT is answered with the code |
/// | `content-CODE@…` | RCPT is accepted, the content is answered with the code |
/// | `slow+N@…` | the final reply comes after N seconds, 60 at most; `slow@…` after 5 |
///
/// CODE is any reply code from 200 to 599. With one of the 200s the recipient or the content is accepted, and with 421 the
/// connection is closed after the reply (RFC 5321, section 3.8). `mail-CODE@…` as the sender does the same to MAIL.
///
/// Several of them in one message: a refused recipient does not count; `drop` beats a refusal, and a refusal the codes of
/// acceptance; the longest delay counts, and comes before everything else.
enum SandboxRules {
    /// What a recipient does to its message.
    enum Rule: Equatable {
        case accept
        /// RCPT is answered with this, and the recipient counts if it is an acceptance.
        case answer(SandboxReply)
        /// The content is answered with this, and kept if it is an acceptance.
        case answerContent(SandboxReply)
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
        let word = parts.first?.lowercased() ?? ""
        return switch word {
        case "reject": .answer(SandboxReply("550 5.1.1 User unknown"))
        case "defer": .answer(SandboxReply("451 4.3.0 Try again later"))
        case "full": .answerContent(SandboxReply("552 5.2.2 Mailbox full"))
        case "drop": .drop
        case "slow": .delay(seconds: delay(parts.dropFirst().first ?? ""))
        default:
            reply(word, after: "rcpt-").map(Rule.answer) ?? reply(word, after: "content-").map(Rule.answerContent)
                ?? .accept
        }
    }

    /// The reply to MAIL that a reverse-path asks for, or nil.
    static func reply(forReversePath reversePath: String) -> SandboxReply? {
        reply(reversePath.prefix { $0 != "@" && $0 != "+" }.lowercased(), after: "mail-")
    }

    private static func reply(_ word: String, after prefix: String) -> SandboxReply? {
        guard word.hasPrefix(prefix), word.utf8.count == prefix.utf8.count + 3,
            let code = Int(word.dropFirst(prefix.count)), (200...599).contains(code)
        else { return nil }
        return .asked(code)
    }

    private static func delay(_ text: Substring) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return defaultDelay
        }
        // Digits that fit no Int are more than the most.
        return min(Int(text) ?? maximumDelay, maximumDelay)
    }
}
