import MailAddress

/// The state of a conversation. Each case holds what is true in it only, and each transition consumes the one before.
///
/// It cannot be copied, so a transaction is moved from one state to the next and its arrays are never duplicated.
enum ConversationState: ~Copyable {
    /// Greeting, EHLO, STARTTLS and AUTH are under way. Goes to `ready`, `quitting` or `closed`.
    case settingUp(SetUp)
    /// No transaction is under way. Goes to `envelope`, `deferred`, `probing`, `quitting` or `closed`.
    case ready
    /// NOOP has been sent, to learn whether the server is still there. Goes to `ready`, `quitting` or `closed`.
    case probing
    /// A transaction has begun of which nothing has been sent: its envelope waits for the content. Goes to `content`,
    /// `finalReply`, `quitting` or `closed`, and to `ready` if the caller gives the message up.
    case deferred(Transaction)
    /// MAIL, RCPT and DATA are under way. Goes to `content`, `resetting`, `quitting` or `closed`.
    case envelope(Transaction)
    /// The server waits for the content. Goes to `finalReply`, `resetting`, `quitting` or `closed`.
    case content(Transaction)
    /// The last of the content has been handed to the socket. Goes to `ready`, to `envelope` if a transaction is chained, to
    /// `resetting`, `quitting` or `closed`.
    case finalReply(FinalReply)
    /// The transaction failed and its caller has been told; the session is being made ready for the next one. Goes to
    /// `ready`, `quitting` or `closed`.
    case resetting(Transaction)
    /// QUIT has been handed to the socket. Goes to `closed`.
    case quitting
    /// Nothing more will happen.
    case closed
}

// MARK: Questions

extension ConversationState {
    /// A state's name, for questions that do not look at what it carries.
    enum Name {
        case settingUp, handshake, ready, probing, deferred, envelope, content, finalReply, resetting, quitting, closed
    }

    var name: Name {
        switch self {
        case .settingUp(.handshake): .handshake
        case .settingUp: .settingUp
        case .ready: .ready
        case .probing: .probing
        case .deferred: .deferred
        case .envelope: .envelope
        case .content: .content
        case .finalReply: .finalReply
        case .resetting: .resetting
        case .quitting: .quitting
        case .closed: .closed
        }
    }

    var isSettingUp: Bool { name == .settingUp || name == .handshake }

    /// Whether content may be written.
    var takesContent: Bool { name == .content || name == .deferred }

    /// Whether content is being sent, or all of it has been.
    var isInContent: Bool { name == .content || name == .finalReply }

    /// Whether what the server sends is read as replies. During the TLS handshake nothing in clear text may come.
    var readsReplies: Bool { name != .handshake && name != .closed }

    /// How far the set-up has come; nil once it is over.
    var setUp: SetUp? {
        switch self {
        case .settingUp(let setUp): setUp
        default: nil
        }
    }

    /// Whether the content of the transaction under way goes with BDAT.
    var isChunked: Bool { transaction { $0.isChunked } ?? false }

    /// The recipients that the server has refused in the transaction under way.
    var rejected: [RejectedRecipient] { transaction { $0.rejected } ?? [] }

    /// Why the server refused the envelope of the transaction under way as a whole; nil if it did not.
    var refusal: SMTPError? { transaction { $0.refusal } ?? nil }

    /// What is known of the message if the connection ended now. A server that refused the whole envelope does not take
    /// the content that may have gone out behind it.
    var outcome: SMTPOutcome {
        name == .finalReply && refusal == nil ? .unknown : .notSent
    }

    /// Whether the server has to be told that the transaction that failed is over.
    var needsReset: Bool { transaction { $0.needsReset } ?? false }

    /// Whether an envelope has gone out behind the content and was taken back since.
    var nextIsTakenBack: Bool {
        switch self {
        case .finalReply(let end): end.next.isTakenBack
        default: false
        }
    }

    /// What those are told who wait for a transaction's end, if the session ends with an error. A reply that refused the
    /// message decides, whatever happened to the connection since.
    func failures(_ error: SMTPError) -> [SMTPError] {
        switch self {
        case .deferred: return [error]
        case .envelope(let transaction): return [transaction.refusal ?? error]
        case .content(let transaction): return [transaction.refusal ?? error]
        case .finalReply(let end):
            let own = end.refusal ?? error
            guard end.next.isSent else { return [own] }
            return [own, error.reason == .shutDown ? Self.shutDownBefore : Self.leftBehind]
        // Nobody waits for a transaction, or its caller has been told.
        default: return []
        }
    }

    /// Whether the server can be told QUIT when the session ends with an error (RFC 5321, section 4.1.1.10): it has
    /// answered, and does not take the line for content.
    func takesQuit(after error: SMTPError) -> Bool {
        switch self {
        case .settingUp(.handshake): return false
        case .quitting: return false
        case .closed: return false
        case .content(let transaction): if !transaction.isChunked { return false }
        default: break
        }
        switch error.reason {
        case .refused, .authenticationUnavailable, .noAccessToken, .accessTokenRefused: return true
        case .tls: return error.tlsFailure?.kind == .notOffered
        default: return false
        }
    }

    /// Looks at the transaction under way, if there is one.
    private func transaction<Value>(_ look: (borrowing Transaction) -> Value) -> Value? {
        switch self {
        case .deferred(let transaction): look(transaction)
        case .envelope(let transaction): look(transaction)
        case .content(let transaction): look(transaction)
        case .finalReply(let end): look(end.transaction)
        case .resetting(let transaction): look(transaction)
        default: nil
        }
    }

    /// What a chained transaction is told when the session ended with the one before. Only its envelope had gone out.
    private static let leftBehind = SMTPError(
        .connectionLost, stage: .mail, detail: "the session ended with the message before this one")

    /// The content of the message had not begun, whatever is known of the one before it.
    private static let shutDownBefore = SMTPError(
        .shutDown, stage: .mail, detail: "the session was ended before the message was sent")
}
