internal import SMTP

/// The one place where a failure of the SMTP core becomes a status.
extension Problem {
    /// - Parameter relay: the relay's name.
    init(_ error: SMTPError, relay: String) {
        let (label, title, status) = Self.kind(of: error)
        self.init(label, title, status: status, detail: RelayFailure(error, relay: relay).description)
        reply = error.reply
        stage = error.stage
        isRetryable = error.isTransient
        outcome = error.outcome
        rejected = error.rejected
        if status == 503 { headers = [("Retry-After", "5")] }
    }

    private static func kind(of error: SMTPError) -> (label: String, title: String, status: Int) {
        if error.outcome == .unknown {
            // A reply that breaks the protocol after the final dot is no answer either.
            return ("outcome-unknown", "The relay did not confirm the message", 504)
        }
        switch error.reason {
        case .refused:
            if error.isTransient { return ("relay-try-again", "The relay asks to try again later", 503) }
            switch error.stage {
            case .mail, .rcpt, .data, .content:
                return ("relay-refused", "The relay refused the message", 422)
            default: return ("relay-unavailable", "The relay refused the session", 502)
            }
        case .timedOut:
            return error.stage == .connect
                ? ("relay-unavailable", "The relay cannot be reached", 502)
                : ("relay-silent", "The relay fell silent", 504)
        case .messageTooLarge: return ("too-large", "The message is larger than the relay takes", 413)
        case .unsupported: return ("relay-unsupported", "The relay cannot carry the message", 422)
        case .queueTimedOut, .queueFull: return ("busy", "No session with the relay was free", 503)
        case .shutDown: return ("draining", "The gateway is shutting down", 503)
        default: return ("relay-unavailable", "The relay cannot be used", 502)
        }
    }
}
