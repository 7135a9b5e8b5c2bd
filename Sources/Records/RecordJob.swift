/// What a durable store is asked to do, in one step of its own.
enum RecordJob: Sendable {
    case claim(RecordKey, MessageFingerprint)
    case startSending(RecordKey)
    case end(RecordKey, KeptResponse?)

    var key: RecordKey {
        switch self {
        case .claim(let key, _), .startSending(let key), .end(let key, _): key
        }
    }

    enum Result: Sendable {
        /// What a claim came to.
        case decided(RecordDecision)
        /// Whether the message is still this instance's.
        case isOwner(Bool)
        /// Another instance came between: the same job has to be done again.
        case again
    }
}
