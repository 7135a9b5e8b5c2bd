internal import Records
internal import Settings

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
