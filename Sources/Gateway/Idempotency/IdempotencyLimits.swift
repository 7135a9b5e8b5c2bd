/// How long and how much is kept of what was sent under an `Idempotency-Key`.
public struct IdempotencyLimits: Sendable {
    /// How long a key stands for its message, from its answer on.
    public var lifetime: Duration
    /// Octets of keys and answers at most; beyond them the oldest answers go before their time, and the log says so.
    public var octets: Int

    init(_ values: SettingValues) throws(ConfigurationError) {
        lifetime = try values.duration(.idempotencyLifetime)
        octets = try values.integer(.idempotencyBytes)
    }

    init(lifetime: Duration, octets: Int) {
        self.lifetime = lifetime
        self.octets = octets
    }
}

extension Setting {
    static let ofIdempotency = [idempotencyLifetime, idempotencyBytes]

    static let idempotencyLifetime = Setting(
        "POSTERN_IDEMPOTENCY_LIFETIME", .time, default: "24h", "how long an Idempotency-Key stands for its message")
    static let idempotencyBytes = Setting(
        "POSTERN_IDEMPOTENCY_BYTES", .bytes(65_536...68_719_476_736), default: "67108864",
        "memory for keys and answers; beyond it the oldest are forgotten before their time, and the log says so")
}
