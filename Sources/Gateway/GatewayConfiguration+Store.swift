internal import Foundation
public import Logging
public import Records

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
    public func checkStore() async -> CheckStep {
        switch store {
        case .memory:
            return CheckStep(
                name: "store", isSound: true,
                detail: "memory: an Idempotency-Key does not survive a restart; set POSTERN_STORE to keep it")
        case .sqlite(let path) where !FileManager.default.fileExists(atPath: path):
            let folder = (path as NSString).deletingLastPathComponent
            let isWritable = FileManager.default.isWritableFile(atPath: folder)
            return CheckStep(
                name: "store", isSound: isWritable,
                detail: isWritable
                    ? "\(store.shown) is made at the start; keys survive a restart"
                    : "\(folder) is no folder that this user may write to")
        case .sqlite, .postgresql:
            do throws(RecordStoreLocation.Fault) {
                let silent = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
                let records = try store.open(recordLimits, logger: silent)
                let error = records.status.error
                await records.close()
                return CheckStep(
                    name: "store", isSound: error == nil, detail: error ?? "\(store.shown): keys survive a restart")
            } catch {
                // A gateway that runs has it for itself.
                return CheckStep(
                    name: "store", isSound: error.isInUse,
                    detail: error.isInUse ? "\(store.shown) is in use by another process" : error.description)
            }
        }
    }
}
