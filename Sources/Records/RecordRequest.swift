/// What a store is asked.
enum RecordRequest: Sendable {
    case claim(RecordKey, MessageFingerprint)
    case startSending(RecordKey)
    case end(RecordKey, RecordEnd)

    var key: RecordKey {
        switch self {
        case .claim(let key, _), .startSending(let key), .end(let key, _): key
        }
    }

    /// Whether it ends an attempt, which is never refused.
    var isEnd: Bool {
        if case .end = self { true } else { false }
    }
}
