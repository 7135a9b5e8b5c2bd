internal import Foundation
internal import GRDB

/// The tables of a file, and how a file of an older version is brought up to date.
///
/// - `record`: a row for each record, the newest last, and when it was written, in seconds since 1970. How long it is kept is not
///   stored: the lifetime that is set applies to all records, and a clock that is wrong for a while harms none.
/// - `response`: the response of a message that is done, under the `id` of its record. If there is one, the record is done,
///   whatever its `state` says.
/// - `key_index`: where the record of a key stands, for all records up to the one that is named `indexed` in `meta`. The keys of
///   later records are in memory (``RecentKeys``), and some of them here, too, while they are being written.
/// - `meta`: what there is one of.
enum SQLiteSchema {
    /// The version that this program knows. Each version has the step that leads to it in ``migrate(_:lifetime:)``.
    static let version = 2
    /// Tells a file of ours from another program's: "Post" in ASCII.
    static let application = 0x506F_7374

    /// Creates the tables, or brings them up to date.
    ///
    /// - Parameter lifetime: how many seconds a record is kept.
    /// - Throws: ``RecordBackendError`` if the file is a newer program's, or another's altogether.
    static func migrate(_ db: Database, lifetime: Int64) throws {
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
                        CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
                        PRAGMA application_id = \(application);
                        """)
            }
            // Records and responses in one table, and two indexes that every record was written to at once.
            if found == 1 { try db.execute(sql: "ALTER TABLE record RENAME TO record_1") }
            if found < 2 {
                try db.execute(
                    sql: """
                        CREATE TABLE record (
                            id INTEGER PRIMARY KEY, key BLOB NOT NULL, fingerprint BLOB NOT NULL,
                            state INTEGER NOT NULL, owner BLOB, written INTEGER NOT NULL
                        );
                        CREATE TABLE response (id INTEGER PRIMARY KEY, octets BLOB NOT NULL);
                        CREATE TABLE key_index (key BLOB PRIMARY KEY NOT NULL, id INTEGER NOT NULL) WITHOUT ROWID;
                        """)
            }
            if found == 1 {
                try db.execute(
                    sql: """
                        INSERT INTO record (key, fingerprint, state, owner, written)
                            SELECT key, fingerprint, state, owner, expires - \(lifetime) FROM record_1 ORDER BY expires, id;
                        INSERT INTO key_index (key, id) SELECT key, id FROM record ORDER BY key;
                        INSERT INTO response (id, octets)
                            SELECT key_index.id, record_1.response FROM key_index JOIN record_1 USING (key)
                            WHERE record_1.response IS NOT NULL ORDER BY key_index.id;
                        INSERT INTO meta (name, value) SELECT 'indexed', coalesce(max(id), 0) FROM record;
                        DROP TABLE record_1;
                        """)
            }
            if found < version { try db.execute(sql: "PRAGMA user_version = \(version)") }
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
