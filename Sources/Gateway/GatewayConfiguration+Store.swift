public import Logging
public import Records
public import Settings

extension GatewayConfiguration {
    /// Opens the store of records.
    ///
    /// - Throws: ``ConfigurationError`` if it cannot be used, and that will not change by itself.
    public func openStore(logger: Logger) throws(ConfigurationError) -> any RecordStore {
        do throws(RecordStoreLocation.Fault) {
            return try store.open(recordLimits, logger: logger)
        } catch {
            throw ConfigurationError(Setting.store.name, error.description)
        }
    }

    /// Says whether the store of records can be used, and whether keys survive a restart. It changes nothing.
    public func checkStore() -> CheckStep {
        switch store {
        case .memory:
            return CheckStep(
                name: "store", isSound: true,
                detail: "memory: Idempotency-Keys are lost at a restart; set POSTERN_STORE to keep them")
        case .sqlite, .postgresql:
            do throws(RecordStoreLocation.Fault) {
                try store.check()
                return CheckStep(
                    name: "store", isSound: true, detail: "\(store.shown): Idempotency-Keys survive a restart")
            } catch {
                return CheckStep(name: "store", isSound: false, detail: error.description)
            }
        }
    }
}
