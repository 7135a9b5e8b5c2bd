internal import Foundation
internal import GRDB

/// The tables of a file, and how a file of an older version is brought up to date.
enum SQLiteSchema {
    /// The version that this program knows. Each version has the step that leads to it in ``migrate(_:)``.
    static let version = 1
    /// Tells a file of ours from another program's: "Post" in ASCII.
    static let application = 0x506F_7374

    /// Creates the tables, or brings them up to date.
    ///
    /// - Throws: ``RecordBackendError`` if the file is a newer program's, or another's altogether.
    static func migrate(_ db: Database) throws {
        try db.inTransaction(.immediate) {
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            let owner = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard owner == application || owner == 0 && found == 0 && tables == 0 else {
                throw RecordBackendError("the file belongs to another program; choose another one", isLasting: true)
            }
            guard found <= version else {
                throw newer(found)
            }
            if found < 1 {
                try db.execute(
                    sql: """
                        CREATE TABLE record (
                            id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, fingerprint BLOB NOT NULL,
                            state INTEGER NOT NULL, owner BLOB, response BLOB, size INTEGER NOT NULL,
                            expires INTEGER NOT NULL
                        );
                        CREATE INDEX record_expires ON record (expires);
                        CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
                        PRAGMA application_id = \(application);
                        PRAGMA user_version = 1;
                        """)
            }
            return .commit
        }
    }

    static func newer(_ found: Int) -> RecordBackendError {
        RecordBackendError(
            "the file has schema version \(found), but this version of Postern supports only version \(version); "
                + "start the newer version that wrote it, or choose another file", isLasting: true)
    }

    /// The file's secret, drawn when it is asked for the first time.
    static func secret(_ db: Database) throws -> RecordSecret {
        try db.execute(
            sql: "INSERT OR IGNORE INTO meta (name, value) VALUES ('secret', ?)",
            arguments: [Data(RecordSecret().octets)])
        guard let octets = try Data.fetchOne(db, sql: "SELECT value FROM meta WHERE name = 'secret'") else {
            throw RecordBackendError("the file has no secret: another program has changed it")
        }
        return RecordSecret(octets: Array(octets))
    }
}
