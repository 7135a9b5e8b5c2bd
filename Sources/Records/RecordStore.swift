/// Keeps the records of messages under an Idempotency-Key.
///
/// ```swift
/// switch try await store.claim(key, for: message) {
/// case .begun:
///     // … connect, MAIL, RCPT, DATA, then, before the end of the content:
///     try await store.startSending(key)
///     // … the final dot, the relay's reply
///     await store.end(key, as: .done(response))
/// …
/// }
/// ```
///
/// Each of the three also has a form that does not wait: it returns the answer if that is known, and otherwise nil, and the
/// completion is called later, on a thread of the store.
public protocol RecordStore: Sendable {
    /// What identifiers of messages under a key are made of; nil as long as the store has not been reached.
    var secret: RecordSecret? { get }
    /// What the store is doing now.
    var status: RecordStoreStatus { get }

    /// Claims a key for a message, in one step that nobody else can come between.
    ///
    /// - Parameter completion: called once if this returns nil, and never otherwise.
    /// - Returns: the decision; ``RecordStoreError/unavailable`` if the store cannot be asked, and the message must not be
    ///   sent.
    func claim(
        _ key: RecordKey, for message: MessageFingerprint,
        completion: @escaping @Sendable (Result<RecordDecision, RecordStoreError>) -> Void
    ) -> Result<RecordDecision, RecordStoreError>?

    /// The gate before the end of a message: with success its record is `sending`.
    ///
    /// - Parameter completion: called once if this returns nil, and never otherwise.
    /// - Returns: an error if that cannot be kept, or if the key was lost to somebody else; then the end of the message
    ///   must not be sent.
    func startSending(
        _ key: RecordKey, completion: @escaping @Sendable (Result<Void, RecordStoreError>) -> Void
    ) -> Result<Void, RecordStoreError>?

    /// Ends what ``claim(_:for:)`` began. It is kept soon, and before anything that is asked later; if the store does not
    /// answer, when it does again. What is lost with the process becomes `unknown`, and is not sent twice.
    ///
    /// - Parameter completion: called once, when other instances that ask the same store can know, unless true is returned.
    /// - Returns: whether there is nothing to wait for; then the completion is not called.
    func end(_ key: RecordKey, as end: RecordEnd, completion: @escaping @Sendable () -> Void) -> Bool

    /// Takes the next turn of a relay in the order of all instances that share this store.
    ///
    /// - Returns: nil if other instances have no part in this store, so that each limits its own messages.
    /// - Throws: ``RecordStoreError/unavailable`` if the store cannot be asked; then no turn may have been taken, or one.
    func takeTurn(_ request: TurnRequest) async throws(RecordStoreError) -> Turn?

    /// Whether ``takeTurn(_:)`` may return a turn.
    var sharesTurns: Bool { get }

    /// Ends the store, after everything that it was told has been kept.
    func close() async
}

extension RecordStore {
    /// Claims a key for a message, in one step that nobody else can come between.
    ///
    /// - Throws: ``RecordStoreError/unavailable`` if the store cannot be asked; then the message must not be sent.
    public func claim(
        _ key: RecordKey, for message: MessageFingerprint
    ) async throws(RecordStoreError) -> RecordDecision {
        try await withCheckedContinuation { continuation in
            let decided = claim(key, for: message) { continuation.resume(returning: $0) }
            if let decided { continuation.resume(returning: decided) }
        }.get()
    }

    /// The gate before the end of a message: when this returns, its record is `sending`.
    ///
    /// - Throws: ``RecordStoreError`` if that cannot be kept, or if the key was lost to somebody else; then the end of the
    ///   message must not be sent.
    public func startSending(_ key: RecordKey) async throws(RecordStoreError) {
        try await withCheckedContinuation { continuation in
            let passed = startSending(key) { continuation.resume(returning: $0) }
            if let passed { continuation.resume(returning: passed) }
        }.get()
    }

    /// Ends what ``claim(_:for:)`` began, and returns when other instances that ask the same store can know.
    public func end(_ key: RecordKey, as end: RecordEnd) async {
        await withCheckedContinuation { continuation in
            if self.end(key, as: end, completion: { continuation.resume() }) { continuation.resume() }
        }
    }

    /// Returns nil: no turns are shared.
    public func takeTurn(_ request: TurnRequest) async throws(RecordStoreError) -> Turn? { nil }
    /// False: no turns are shared.
    public var sharesTurns: Bool { false }
}
