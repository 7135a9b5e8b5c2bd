internal import Records
internal import SMTP

/// Problems of the field `Idempotency-Key`.
extension Problem {
    static func invalidIdempotencyKey(maximum: Int) -> Problem {
        Problem(
            "invalid-idempotency-key", "The Idempotency-Key is not valid", status: 422,
            detail:
                "the field Idempotency-Key has to be 1 to \(maximum) printable characters of ASCII, a UUID for example"
        ).notSent(retryable: false)
    }

    static let repeatedIdempotencyKey = Problem(
        "invalid-idempotency-key", "The Idempotency-Key is not valid", status: 422,
        detail: "the field Idempotency-Key is given more than once; send it once"
    ).notSent(retryable: false)

    static let idempotencyKeyInFlight = {
        var problem = Problem(
            "idempotency-key-in-flight", "A request under this Idempotency-Key is under way", status: 409,
            detail: "it has not been answered yet; ask again with the same key and the same message for its answer")
        problem.isRetryable = true
        return problem.retryLater()
    }()

    static let idempotencyKeyReused = Problem(
        "idempotency-key-reused", "The Idempotency-Key stands for another message", status: 422,
        detail: "another message was sent under this key; send this one under a key of its own"
    ).notSent(retryable: false)

    static let idempotencyStoreUnavailable = Problem(
        "idempotency-store-unavailable", "The store of Idempotency-Keys does not answer", status: 503,
        detail: "what is known under the Idempotency-Key cannot be looked up or kept, so the message was not sent; "
            + "try again later, with the same key"
    ).retryLater().notSent(retryable: true)

    /// Another instance took the key over before the end of the message went out.
    private static let idempotencyKeyLost = Problem(
        "idempotency-store-unavailable", "The Idempotency-Key was taken over by another instance", status: 503,
        detail: "the store had not heard of this instance for too long, so the message was not sent here; "
            + "try again with the same key for what the other instance knows"
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
            "outcome-unknown", "What became of the message is not known", status: 504,
            detail: "the gateway ended while it sent the message under this Idempotency-Key, and will not send it "
                + "again; look for \(id ?? "it") in the relay's log, and send it under a new key if it is not there")
        problem.stage = .content
        problem.isRetryable = false
        problem.outcome = .unknown
        return problem
    }
}
