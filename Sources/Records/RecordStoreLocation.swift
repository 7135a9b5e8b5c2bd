internal import CPostgreSQL
internal import Foundation
public import Logging

/// Where records are kept.
///
/// ```swift
/// let location = try RecordStoreLocation("sqlite:/var/lib/postern/postern.db")
/// let store = try location.open(RecordLimits(lifetime: .seconds(86400), octets: 64 << 20), logger: logger)
/// ```
public enum RecordStoreLocation: Hashable, Sendable {
    /// The memory of the process.
    case memory
    /// A file of SQLite, by its path.
    case sqlite(String)
    /// A PostgreSQL database, by its URI, which may hold a password.
    case postgresql(String)

    /// Why a location cannot be used, and what to write instead. The text never contains any part of the location.
    public struct Fault: Error, Hashable, CustomStringConvertible {
        /// What is wrong, and what to write.
        public let description: String
        /// Whether the only problem is that another process is using the file.
        public private(set) var isInUse = false

        init(_ description: String) {
            self.description = description
        }

        init(_ error: RecordBackendError) {
            description = error.description
            isInUse = error.isInUse
        }
    }

    /// Reads a location as it is configured.
    ///
    /// - Throws: ``Fault`` if the text is not a location.
    public init(_ text: String) throws(Fault) {
        if text.hasPrefix("sqlite:") {
            var path = text.dropFirst("sqlite:".count)
            // A URI with an empty authority names the same path.
            if path.hasPrefix("//") { path = path.dropFirst(2) }
            guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.contains("?"), !path.utf8.contains(0) else {
                throw Fault("is not an absolute path to a file; write sqlite:/var/lib/postern/postern.db")
            }
            self = .sqlite(String(path))
        } else if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
            guard unsafe cpostgresql_is_valid(text) != 0 else {
                throw Fault(
                    "is not a valid PostgreSQL URI; write postgresql://user:password@host:5432/database, "
                        + "with special characters percent-encoded")
            }
            self = .postgresql(text)
        } else {
            throw Fault(
                "is not a supported store; write sqlite:/path/postern.db or "
                    + "postgresql://user:password@host/database")
        }
    }

    /// The location without anything secret.
    public var shown: String {
        switch self {
        case .memory: return "memory"
        case .sqlite(let path): return "sqlite:\(path)"
        case .postgresql(let uri):
            var shown = [CChar](repeating: 0, count: 512)
            unsafe cpostgresql_show(uri, &shown, shown.count)
            let octets = shown.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            return "postgresql://" + String(decoding: octets, as: UTF8.self)
        }
    }

    /// Opens the store. If PostgreSQL cannot be reached yet, the store connects later.
    ///
    /// - Throws: ``Fault`` if the store cannot be used, and that will not change by itself.
    public func open(_ limits: RecordLimits, logger: Logger) throws(Fault) -> any RecordStore {
        do throws(RecordBackendError) {
            switch self {
            case .memory: return MemoryRecordStore(limits, logger: logger)
            case .sqlite(let path):
                return try DurableRecordStore(SQLiteBackend(path: path, limits: limits), logger: logger)
            case .postgresql(let uri):
                return try DurableRecordStore(
                    PostgreSQLBackend(uri: uri, limits: limits), logger: logger)
            }
        } catch {
            throw Fault(error)
        }
    }
}
