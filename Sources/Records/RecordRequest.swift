/// What a store is asked.
enum RecordRequest: Sendable {
    case claim(RecordKey, MessageFingerprint)
    /// A key that has no record was claimed already; the thread learns of it, and since which opening of the database that
    /// was so.
    case adopt(RecordKey, MessageFingerprint, opening: Int)
    case startSending(RecordKey)
    case end(RecordKey, RecordEnd)

    var key: RecordKey {
        switch self {
        case .claim(let key, _), .adopt(let key, _, _), .startSending(let key), .end(let key, _): key
        }
    }

    /// Whether it ends an attempt, which is never refused.
    var isEnd: Bool {
        if case .end = self { true } else { false }
    }
}
