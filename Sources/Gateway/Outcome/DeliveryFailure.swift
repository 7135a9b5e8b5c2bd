internal import Records
internal import SMTP

/// Why a message was not sent, or why its outcome is unknown, and which relay it was about.
struct DeliveryFailure: Error {
    enum Cause {
        /// The session or the transaction failed.
        case smtp(SMTPError)
        /// The relay failed several times in a row, with this error the last time, and its circuit breaker is open.
        case leftAlone(SMTPError?, retryAfter: Duration)
        /// The relay's rate is used up for longer than the message may wait.
        case throttled(retryAfter: Duration)
        /// It could not be kept that the message is being sent, so it was not.
        case record(RecordStoreError)
        /// No route leads anywhere.
        case noRelay
        /// The gateway shut down while the message waited for the relay's turn.
        case shutdown
    }

    /// The relay's name.
    let relay: String
    let cause: Cause

    init(_ relay: String, _ cause: Cause) {
        self.relay = relay
        self.cause = cause
    }

    static let noRelay = DeliveryFailure("none", .noRelay)

    /// The failure of the SMTP core, if it was one of this message.
    var error: SMTPError? {
        if case .smtp(let error) = cause { error } else { nil }
    }

    /// Whether another relay may be asked.
    var allowsFallback: Bool {
        switch cause {
        case .smtp(let error): error.allowsFallback
        case .leftAlone, .throttled, .noRelay: true
        case .shutdown, .record: false
        }
    }
}
