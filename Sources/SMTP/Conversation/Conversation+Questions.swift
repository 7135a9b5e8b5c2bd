/// What an owner asks of a conversation: functions of its state.
extension Conversation {
    /// Whether the TLS handshake is under way.
    var isInHandshake: Bool { state.name == .handshake }
    /// Whether the next transaction may begin.
    var isReady: Bool { state.name == .ready }
    /// Whether an envelope waits for its content, and nothing of it has been sent.
    var isDeferred: Bool { state.name == .deferred }
    /// Whether content may be written.
    var takesContent: Bool { state.takesContent }
    /// Whether the content of the transaction under way goes with BDAT.
    var isChunked: Bool { state.isChunked }
    /// Whether the session is being cleared up after a transaction that failed.
    var isResetting: Bool { state.name == .resetting }
    /// Whether the session takes no more transactions: it has ended, or QUIT has been sent.
    var isOver: Bool { state.name == .quitting || isClosed }
    /// Whether nothing more will happen.
    var isClosed: Bool { state.name == .closed }

    /// What the server owes, or the owner; nil if nothing is awaited.
    var awaited: Awaited? {
        switch state.name {
        case .handshake: .step(handshakeStage)
        case .settingUp: due.first.map { .step($0.stage) } ?? .step(.auth)
        case .probing: .probe
        case .resetting: .reset(due.first?.stage ?? .mail)
        case .quitting: .quit(due.first?.stage ?? .quit)
        default:
            switch due.first {
            case nil: nil
            case .mail: .mail
            case .chunk: .chunk
            case let reply?: .step(reply.stage)
            }
        }
    }

    /// The stage that a failure belongs to.
    var currentStage: SMTPStage {
        if let awaited { return awaited.stage }
        return state.name == .content ? .content : .mail
    }

    /// What the server has not done when a deadline passes.
    var whatIsDue: String {
        switch state.name {
        case .handshake: "complete the TLS handshake"
        case .content: "take the content"
        default: "answer"
        }
    }
}
