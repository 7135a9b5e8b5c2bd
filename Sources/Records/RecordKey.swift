internal import Crypto

/// What a record is found by: the digest of an Idempotency-Key, of the caller whose key it is, and of the place of the
/// message in its batch. The same key of another caller is another record.
///
/// A digest has one length, and a store does not learn what its clients call their messages.
public struct RecordKey: Hashable, Sendable {
    /// 32 octets, a SHA-256.
    public let octets: [UInt8]
    /// The first eight octets as a number. Those of a digest tell keys apart as well as all of them.
    let prefix: UInt64

    /// - Parameters:
    ///   - caller: the name of the caller's API key; nil if none is needed.
    ///   - text: the Idempotency-Key as the client gave it.
    ///   - index: the place of the message in its batch; nil for a message of its own, and for the batch as a whole.
    public init(caller: String?, text: String, index: Int?) {
        var hash = SHA256()
        // Neither a name nor a key has a NUL in it.
        hash.update(data: Array("\(caller.map { "caller \($0)" } ?? "")\0\(index.map(String.init) ?? "")\0".utf8))
        hash.update(data: Array(text.utf8))
        self.init(octets: Array(hash.finalize()))
    }

    /// A key that a store has kept.
    init(octets: [UInt8]) {
        self.octets = octets
        prefix = octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether two keys are the same. Those that are not mostly differ in their first octets.
    public static func == (one: RecordKey, other: RecordKey) -> Bool {
        one.prefix == other.prefix && one.octets == other.octets
    }

    /// Hashes the prefix: an array would be hashed octet by octet.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(prefix)
    }
}
