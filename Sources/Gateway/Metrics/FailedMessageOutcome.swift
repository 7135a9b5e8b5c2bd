internal import SMTP

/// What became of a message that no relay took, as metrics and traces tell it.
enum FailedMessageOutcome: String {
    case refused
    case deferred
    case notSent = "not_sent"
    case unknown
}

extension SMTPError {
    var messageOutcome: FailedMessageOutcome {
        if outcome == .unknown { return .unknown }
        guard reason == .refused else { return .notSent }
        return isTransient ? .deferred : .refused
    }
}
