/// A record as the columns of a table hold it.
struct StoredRecord {
    let fingerprint: [UInt8]
    /// 0 `open`, 1 `claimed`, 2 `sending`, 3 `done`.
    let state: Int
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
        case .claimed(let instance): (state, owner, response) = (1, instance.octets, nil)
        case .sending(let instance): (state, owner, response) = (2, instance.octets, nil)
        case .done(let kept): (state, owner, response) = (3, nil, kept.octets)
        }
    }

    /// The record.
    ///
    /// - Throws: ``RecordBackendError`` if the columns hold something else.
    var record: Record {
        get throws(RecordBackendError) {
            let message = MessageFingerprint(octets: fingerprint)
            switch (state, owner, response.map { KeptResponse(octets: $0) }) {
            case (0, _, _): return Record(message, .open)
            case (1, let owner?, _): return Record(message, .claimed(InstanceID(octets: owner)))
            case (2, let owner?, _): return Record(message, .sending(InstanceID(octets: owner)))
            case (3, _, let kept??): return Record(message, .done(kept))
            default: throw RecordBackendError("a record cannot be read: it was written by something else")
            }
        }
    }
}
