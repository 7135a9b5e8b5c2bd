/// What is kept of messages under an Idempotency-Key.
extension Setting {
    package static let ofRecords = [store, idempotencyLifetime, idempotencyBytes]

    package static let store = Setting(
        "POSTERN_STORE", .text,
        "where the records of Idempotency-Keys are kept: `sqlite:/path/postern.db`, or "
            + "`postgresql://user:password@host/database` for several instances; by default in memory, and lost at a restart",
        secret: true)
    package static let idempotencyLifetime = Setting(
        "POSTERN_IDEMPOTENCY_LIFETIME", .time, default: "24h", "how long an Idempotency-Key is remembered")
    package static let idempotencyBytes = Setting(
        "POSTERN_IDEMPOTENCY_BYTES", .bytes(65_536...68_719_476_736), default: "67108864",
        "maximum size of the records of Idempotency-Keys with their responses; if it is exceeded, the oldest records are "
            + "removed early and a warning is logged")
}
