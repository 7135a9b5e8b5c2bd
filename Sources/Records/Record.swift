/// What is known of a message under an Idempotency-Key, as a value: who holds it, how far it came, what became of it.
///
/// SMTP cannot be rolled back, so what is known has to be kept before the last octet of a message goes out. A store
/// carries out these transitions, each in one step that no other can come between, and keeps the result before it
/// answers:
///
/// | from | event | to |
/// |---|---|---|
/// | none, `open`, `claimed` of an owner that is gone | ``claim(_:for:by:isGone:)`` | `claimed` |
/// | `claimed`, `sending` of the same owner | ``startSending(by:)`` | `sending` |
/// | `claimed`, `sending` of the same owner | ``end(by:as:)`` with a final response | `done` |
/// | `claimed`, `sending` of the same owner | ``end(by:as:)`` and nothing was sent | `open` |
/// | `claimed` of the same owner | ``end(by:as:)`` and nothing was begun | none |
///
/// Nobody leaves `sending` but its owner. If that is gone, the outcome is unknown for ever: no path sends twice.
struct Record: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// The message is not sent and may be: it was tried, and nothing was sent.
        case open
        /// Somebody prepares the message. Nothing of it has left that a relay could deliver.
        case claimed(RecordOwner)
        /// The end of the message may have been sent.
        case sending(RecordOwner)
        /// What became of the message is known for good.
        case done(KeptResponse)
    }

    /// Which message it is.
    let message: MessageFingerprint
    let state: State

    init(_ message: MessageFingerprint, _ state: State) {
        self.message = message
        self.state = state
    }

    /// Says what a request under a key gets.
    ///
    /// - Parameters:
    ///   - record: what is known under the key; nil if nothing is, or if its time is over.
    ///   - message: the message of the request.
    ///   - owner: who asks.
    ///   - isGone: whether an owner will never end what it began.
    /// - Returns: the decision, and the record to keep instead of the old one; nil if nothing changes.
    static func claim(
        _ record: Record?, for message: MessageFingerprint, by owner: RecordOwner, isGone: (RecordOwner) -> Bool
    ) -> (RecordDecision, Record?) {
        let claimed = Record(message, .claimed(owner))
        guard let record else { return (.begun, claimed) }
        // Nothing was sent under the key, and its owner cannot send anything any more: the key is as good as new.
        if case .claimed(let owner) = record.state, isGone(owner) { return (.begun, claimed) }
        guard record.message == message else { return (.otherMessage, nil) }
        switch record.state {
        case .open: return (.begun, claimed)
        case .claimed: return (.inFlight, nil)
        case .sending(let owner): return (isGone(owner) ? .unknown : .inFlight, nil)
        case .done(let response): return (.replay(response), nil)
        }
    }

    /// The gate before the end of the message: the record that has to be kept before that may go out.
    ///
    /// - Returns: nil if the message is not the instance's any more. It must not be sent then.
    func startSending(by owner: RecordOwner) -> Record? {
        isOwned(by: owner) ? Record(message, .sending(owner)) : nil
    }

    /// What the end of an attempt makes of a record.
    enum Ending: Hashable {
        /// This record is kept.
        case keep(Record)
        /// None is kept.
        case remove
        /// The message is not the owner's any more, and what is kept stays.
        case isLost
    }

    /// What to keep when an attempt ends.
    func end(by owner: RecordOwner, as end: RecordEnd) -> Ending {
        guard isOwned(by: owner) else { return .isLost }
        switch end {
        case .done(let response): return .keep(Record(message, .done(response)))
        case .open: return .keep(Record(message, .open))
        case .free:
            // Once the gate was passed, it stays known that the message was tried.
            if case .sending = state { return .keep(Record(message, .open)) }
            return .remove
        }
    }

    private func isOwned(by owner: RecordOwner) -> Bool {
        switch state {
        case .claimed(let own), .sending(let own): own == owner
        case .open, .done: false
        }
    }
}
