/// How long and how much is kept of what was sent under an Idempotency-Key.
public struct RecordLimits: Hashable, Sendable {
    /// How long a key stands for its message, from when that was sent.
    public var lifetime: Duration
    /// Octets of records at most; beyond them the oldest are removed before their time, and the log says so.
    public var octets: Int

    /// Limits of these values.
    public init(lifetime: Duration, octets: Int) {
        self.lifetime = lifetime
        self.octets = octets
    }

    /// Octets of a record beside its response: key, fingerprint, owner, times, and its place in the indexes.
    static let overhead = 256
}
