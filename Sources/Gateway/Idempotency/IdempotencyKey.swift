internal import Records

/// The key under which a client sends a message once, however often it asks.
///
/// Keys of two callers are two keys, also where they read the same.
public struct IdempotencyKey: Hashable, Sendable {
    /// The name of the field that carries it.
    static let field = "Idempotency-Key"
    /// Characters of a key at most.
    static let maximumLength = 256

    /// The name of the caller's API key; nil if none is needed.
    public let caller: String?
    /// The key as the client gave it.
    public let text: String
    /// The place of a message in its batch; nil for a message of its own, and for the batch as a whole.
    public let index: Int?
    /// What its record is found by.
    let record: RecordKey

    init(caller: String?, text: String, index: Int? = nil) {
        self.caller = caller
        self.text = text
        self.index = index
        record = RecordKey(caller: caller, text: text, index: index)
    }

    /// Reads a request's key; nil if the request has none.
    ///
    /// - Throws: a ``Problem`` if the field holds no key, or stands twice: it must not be ignored.
    init?(_ values: [String], caller: String?) throws(Problem) {
        guard let text = values.first else { return nil }
        guard values.count == 1 else { throw .repeatedIdempotencyKey }
        // What is not ASCII has no one reading in a header field (RFC 9110, section 5.5): two keys could become the same.
        guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { throw .invalidIdempotencyKey(maximum: Self.maximumLength) }
        self.init(caller: caller, text: text)
    }

    /// The key of a message of the batch that has this one.
    func at(_ index: Int) -> IdempotencyKey {
        IdempotencyKey(caller: caller, text: text, index: index)
    }
}
