internal import Records
internal import SMTP

/// Problems of the field `Idempotency-Key`.
extension Problem {
    static func invalidIdempotencyKey(maximum: Int) -> Problem {
        Problem(
            "invalid-idempotency-key", "The Idempotency-Key is not valid", status: 422,
            detail:
                "the Idempotency-Key field must be 1 to \(maximum) printable ASCII characters, for example a UUID"
        ).notSent(retryable: false)
    }

    static let repeatedIdempotencyKey = Problem(
        "invalid-idempotency-key", "The Idempotency-Key is not valid", status: 422,
        detail: "the Idempotency-Key field appears more than once; send it once"
    ).notSent(retryable: false)

    static let idempotencyKeyInFlight = {
        var problem = Problem(
            "idempotency-key-in-flight", "A request with this Idempotency-Key is still open", status: 409,
            detail:
                "the first request has not been answered yet; retry with the same Idempotency-Key and the same message "
                + "to get its result")
        problem.isRetryable = true
        return problem.retryLater()
    }()

    static let idempotencyKeyReused = Problem(
        "idempotency-key-reused", "The Idempotency-Key was used for another message", status: 422,
        detail: "this Idempotency-Key was used for another message; use a new one for this message"
    ).notSent(retryable: false)

    static let idempotencyStoreUnavailable = Problem(
        "idempotency-store-unavailable", "The Idempotency-Key store is unavailable", status: 503,
        detail: "the Idempotency-Key could not be looked up or recorded, so the message was not sent; try again later "
            + "with the same Idempotency-Key"
    ).retryLater().notSent(retryable: true)

    /// Another instance took the key over before the end of the message went out.
    private static let idempotencyKeyLost = Problem(
        "idempotency-store-unavailable", "The Idempotency-Key was taken over by another instance", status: 503,
        detail: "this instance lost contact with the store for too long, so it did not send the message; "
            + "retry with the same Idempotency-Key to get the other instance's result"
    ).retryLater().notSent(retryable: true)

    init(_ error: RecordStoreError) {
        switch error {
        case .unavailable: self = .idempotencyStoreUnavailable
        case .lost: self = .idempotencyKeyLost
        }
    }

    /// The instance that sent a message ended before it knew what became of it.
    ///
    /// - Parameter id: the message's Message-ID; nil for a batch.
    static func outcomeLost(_ id: String?) -> Problem {
        var problem = Problem(
            "outcome-unknown", "The outcome of the message is unknown", status: 504,
            detail:
                "the gateway stopped while it was sending the message with this Idempotency-Key, and will not send it "
                + "again; look for \(id ?? "it") in the relay's log, and if it is not there, send it with a new "
                + "Idempotency-Key")
        problem.stage = .content
        problem.isRetryable = false
        problem.outcome = .unknown
        return problem
    }
}
