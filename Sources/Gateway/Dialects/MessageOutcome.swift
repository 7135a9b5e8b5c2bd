internal import SMTP

/// What became of a message.
enum MessageOutcome {
    /// The relay took responsibility for it.
    ///
    /// - id: its Message-ID, with its angle brackets.
    case accepted(id: String, Receipt)
    /// It was not sent, or its outcome is unknown.
    case failed(Problem)
    /// It was composed, and nothing was to be sent.
    case composed(Composition)

    /// Whether to ask again would change nothing: the relay took the message, refused it for good, or the outcome is
    /// unknown.
    var isFinal: Bool {
        switch self {
        case .accepted, .composed: true
        case .failed(let problem): problem.outcome == .unknown || problem.status == 422 && problem.reply != nil
        }
    }
}
