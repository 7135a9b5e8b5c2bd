internal import Records

/// The record of a message with an Idempotency-Key, and the gate before the end of the message: it claims the key, is passed
/// before the end goes out, and ends with what became of the message.
struct RecordGate: Sendable {
    let store: any RecordStore
    let key: RecordKey
    /// Which message the key is to stand for.
    let message: MessageFingerprint

    /// Claims the key, as ``RecordStore/claim(_:for:completion:)`` does.
    func claim(
        completion: @escaping @Sendable (Result<RecordDecision, RecordStoreError>) -> Void
    ) -> Result<RecordDecision, RecordStoreError>? {
        store.claim(key, for: message, completion: completion)
    }

    /// Passes the gate, as ``RecordStore/startSending(_:completion:)`` does.
    func pass(
        completion: @escaping @Sendable (Result<Void, RecordStoreError>) -> Void
    ) -> Result<Void, RecordStoreError>? {
        store.startSending(key, completion: completion)
    }

    /// Returns when the record is `sending`.
    ///
    /// - Throws: ``RecordStoreError`` if that cannot be kept, or the key was lost; then the message must not be sent.
    func pass() async throws(RecordStoreError) {
        try await store.startSending(key)
    }

    /// Ends the attempt, as ``RecordStore/end(_:as:completion:)`` does.
    func end(as end: RecordEnd, completion: @escaping @Sendable () -> Void) -> Bool {
        store.end(key, as: end, completion: completion)
    }
}
