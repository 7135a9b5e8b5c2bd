internal import Records

extension RecordLimits {
    init(_ values: SettingValues) throws(ConfigurationError) {
        self.init(
            lifetime: try values.duration(.idempotencyLifetime), octets: try values.integer(.idempotencyBytes))
    }
}

extension RecordStoreLocation {
    init(_ values: SettingValues) throws(ConfigurationError) {
        guard let text = values.value(of: .store) else {
            self = .memory
            return
        }
        do throws(RecordStoreLocation.Fault) {
            try self.init(text)
        } catch {
            throw ConfigurationError(Setting.store.name, "the value \(error)")
        }
    }
}

extension Setting {
    static let ofRecords = [store, idempotencyLifetime, idempotencyBytes]

    static let store = Setting(
        "POSTERN_STORE", .text,
        "where the records of Idempotency-Keys are kept: `sqlite:/path/postern.db`, or "
            + "`postgresql://user:password@host/database` for several instances; by default in memory, and lost at a restart",
        secret: true)
    static let idempotencyLifetime = Setting(
        "POSTERN_IDEMPOTENCY_LIFETIME", .time, default: "24h", "how long an Idempotency-Key is remembered")
    static let idempotencyBytes = Setting(
        "POSTERN_IDEMPOTENCY_BYTES", .bytes(65_536...68_719_476_736), default: "67108864",
        "maximum size of the records of Idempotency-Keys with their responses; if it is exceeded, the oldest records are "
            + "removed early and a warning is logged")
}
