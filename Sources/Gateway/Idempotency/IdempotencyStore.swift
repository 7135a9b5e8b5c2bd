/// Keeps what became of the messages that were sent under an `Idempotency-Key`.
///
/// One instance keeps them in memory. Where several instances answer for the same clients, a store that all of them reach
/// takes the place of that one.
public protocol IdempotencyStore: Sendable {
    /// Takes a key for a message, in one step between which nobody else comes.
    ///
    /// - Throws: where the store cannot be asked; then the message is not sent.
    func begin(_ key: IdempotencyKey, for message: MessageFingerprint) async throws -> IdempotencyDecision

    /// Ends what ``begin(_:for:)`` began.
    ///
    /// - Parameter answer: the final answer, which is kept; or nil, and the key may be used again for the same message.
    /// - Throws: where the store cannot be told; the message has been sent then, and the log says so.
    func end(_ key: IdempotencyKey, keeping answer: KeptAnswer?) async throws
}

/// What a store says to a request under a key.
public enum IdempotencyDecision: Hashable, Sendable {
    /// The message is to be sent now.
    case begun
    /// A request under this key has not been answered yet: 409.
    case inFlight
    /// The key stands for another message: 422.
    case otherMessage
    /// The message has been sent, and this was the answer.
    case replay(KeptAnswer)
}
