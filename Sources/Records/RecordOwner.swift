/// Who holds a record: an instance, and which of its attempts.
///
/// The number tells attempts of one instance apart. A statement that a slow network delivers late belongs to an attempt
/// that is over, and changes nothing of a later one.
struct RecordOwner: Hashable, Sendable {
    let instance: InstanceID
    /// Grows from one attempt to the next.
    let attempt: UInt64

    /// 24 octets, in the order of the attempts of an instance.
    var octets: [UInt8] {
        instance.octets + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: attempt >> UInt64($0)) }
    }

    init(_ instance: InstanceID, attempt: UInt64) {
        self.instance = instance
        self.attempt = attempt
    }

    /// An owner that a store has kept; nil if it is none.
    init?(octets: [UInt8]) {
        guard octets.count == 24 else { return nil }
        instance = InstanceID(octets: Array(octets.prefix(16)))
        attempt = octets.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
