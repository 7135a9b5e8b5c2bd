internal import Foundation

extension RecordStoreLocation {
    /// Looks whether the store can be used, and changes nothing.
    ///
    /// - Throws: ``Fault`` that says what stands in the way.
    public func check() throws(Fault) {
        do throws(RecordBackendError) {
            switch self {
            case .memory: break
            case .sqlite(let path): try SQLiteFile(path).check()
            case .postgresql(let uri): try PostgreSQLBackend.look(at: uri)
            }
        } catch {
            throw Fault(error)
        }
    }
}
