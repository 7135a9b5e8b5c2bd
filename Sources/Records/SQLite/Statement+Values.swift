internal import GRDB
internal import GRDBSQLite

/// Values of a prepared statement, bound and read by SQLite's own calls: a record takes a few microseconds, and wrapping each
/// value would double that.
///
/// A statement is used like this, and reset before it is used again:
///
///     let statement = try db.cachedStatement(sql: "SELECT id FROM key_index WHERE key = ?")
///     statement.bind(key.octets, at: 1)
///     defer { statement.reset() }
///     while try statement.step() { … }
///
/// `unsafe` here is right because a `Statement` keeps SQLite's own statement for as long as it lives, and because SQLite copies
/// what is bound to it before a call returns.
extension Statement {
    func bind(_ number: Int64, at index: Int32) {
        unsafe sqlite3_bind_int64(sqliteStatement, index, number)
    }

    /// Binds octets.
    func bind(_ octets: [UInt8], at index: Int32) {
        // SQLITE_TRANSIENT, the destructor -1 in C: SQLite copies the octets.
        let copies = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        unsafe octets.withUnsafeBytes { octets in
            // An empty array may have no address, and SQLite would bind NULL.
            guard let start = octets.baseAddress else {
                unsafe sqlite3_bind_zeroblob(sqliteStatement, index, 0)
                return
            }
            unsafe sqlite3_bind_blob(sqliteStatement, index, start, Int32(octets.count), copies)
        }
    }

    func bindNull(at index: Int32) {
        unsafe sqlite3_bind_null(sqliteStatement, index)
    }

    /// Goes on to the next row.
    ///
    /// - Returns: whether there is one.
    /// - Throws: `DatabaseError`.
    func step() throws -> Bool {
        let code = unsafe sqlite3_step(sqliteStatement)
        guard code != SQLITE_ROW else { return true }
        guard code == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code),
                message: unsafe String(cString: sqlite3_errmsg(sqlite3_db_handle(sqliteStatement))))
        }
        return false
    }

    /// Carries out a statement that has no rows.
    func run() throws {
        defer { reset() }
        _ = try step()
    }

    func reset() {
        unsafe sqlite3_reset(sqliteStatement)
    }

    /// An integer of the row; 0 for NULL.
    func number(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(sqliteStatement, column)
    }

    /// The octets of the row; nil for NULL.
    func octets(_ column: Int32) -> [UInt8]? {
        guard unsafe sqlite3_column_type(sqliteStatement, column) != SQLITE_NULL else { return nil }
        guard let start = unsafe sqlite3_column_blob(sqliteStatement, column) else { return [] }
        let count = unsafe sqlite3_column_bytes(sqliteStatement, column)
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }
}
