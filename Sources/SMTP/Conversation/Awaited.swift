/// What a conversation waits for, told apart where the time that it may take differs.
enum Awaited: Equatable {
    /// The reply to a command of this stage, or the stage's other work: the TLS handshake, an access token.
    case step(SMTPStage)
    /// The reply to MAIL.
    case mail
    /// The reply to a chunk of content before the last.
    case chunk
    /// The reply to NOOP.
    case probe
    /// The replies after which a session is ready again, after a transaction that failed.
    case reset(SMTPStage)
    /// The reply to QUIT.
    case quit(SMTPStage)

    /// The stage that it belongs to.
    var stage: SMTPStage {
        switch self {
        case .step(let stage), .reset(let stage), .quit(let stage): stage
        case .mail, .probe: .mail
        case .chunk: .content
        }
    }
}
