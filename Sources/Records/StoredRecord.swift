/// A record as the columns of a table hold it.
struct StoredRecord {
    let fingerprint: [UInt8]
    /// 0 `open`, 1 `claimed`, 2 `sending`, 3 `done`.
    let state: Int
    /// The state of a message that is done.
    static let done = 3
    /// Who holds a record that is claimed or being sent.
    let owner: [UInt8]?
    /// What became of a message that is done.
    let response: [UInt8]?

    init(fingerprint: [UInt8], state: Int, owner: [UInt8]?, response: [UInt8]?) {
        self.fingerprint = fingerprint
        self.state = state
        self.owner = owner
        self.response = response
    }

    init(_ record: Record) {
        fingerprint = record.message.octets
        switch record.state {
        case .open: (state, owner, response) = (0, nil, nil)
        case .claimed(let owner): (state, self.owner, response) = (1, owner.octets, nil)
        case .sending(let owner): (state, self.owner, response) = (2, owner.octets, nil)
        case .done(let kept): (state, owner, response) = (Self.done, nil, kept.octets)
        }
    }

    /// The record. One that something else has written says no more than that the message may have been sent.
    var record: Record {
        let message = MessageFingerprint(octets: fingerprint)
        switch (state, owner.flatMap { RecordOwner(octets: $0) }, response.map { KeptResponse(octets: $0) }) {
        case (0, _, _): return Record(message, .open)
        case (1, let owner?, _): return Record(message, .claimed(owner))
        case (2, let owner?, _): return Record(message, .sending(owner))
        case (Self.done, _, let kept??): return Record(message, .done(kept))
        default: return Record(message, .sending(RecordOwner(InstanceID(octets: []), attempt: 0)))
        }
    }
}
