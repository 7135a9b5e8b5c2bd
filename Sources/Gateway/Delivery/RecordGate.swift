internal import Records

/// The gate before the end of a message with an Idempotency-Key: what is sent is known first.
struct RecordGate: Sendable {
    let store: any RecordStore
    let key: RecordKey

    /// Returns when it is kept that the message may have been sent.
    ///
    /// - Throws: ``RecordStoreError`` if that cannot be kept, or the key was lost; then the message must not be sent.
    func pass() async throws(RecordStoreError) {
        try await store.startSending(key)
    }
}
