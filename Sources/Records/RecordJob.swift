/// What a database is asked to do about one record, in one step.
struct RecordJob: Sendable {
    enum Kind: Sendable {
        case claim
        /// The claim of a key that has no record for sure.
        case claimNew
        case startSending
        case end(RecordEnd)
    }

    let key: RecordKey
    let message: MessageFingerprint
    /// Whose attempt it is about.
    let owner: RecordOwner
    let kind: Kind

    var isClaim: Bool {
        switch kind {
        case .claim, .claimNew: true
        case .startSending, .end: false
        }
    }

    var isGate: Bool {
        if case .startSending = kind { true } else { false }
    }

    enum Result: Sendable {
        /// What a claim came to.
        case decided(RecordDecision)
        /// Whether the message was still the owner's.
        case isOwner(Bool)
        /// Another instance came between: the same job has to be done again.
        case again
        /// This job cannot be done now, and others can.
        case failed
    }
}
