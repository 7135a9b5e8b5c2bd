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
        "idempotency-store-unavailable", "Idempotency-Keys cannot be looked up", status: 503,
        detail: "the store of Idempotency-Keys does not answer, so the message was not sent; try again later"
    ).retryLater().notSent(retryable: true)
}
