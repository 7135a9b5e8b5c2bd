internal import Foundation
internal import GRDB

/// Records in a file of SQLite, which this process has for itself.
///
/// A claim is kept in memory alone: if the process ends, nothing of its message has left, and the key is free. So a
/// message waits for one commit, before its end goes out; its response shares a later one.
struct SQLiteBackend: RecordBackend {
    static let kind = RecordStoreStatus.Kind.sqlite
    static let claimsAreReads = true
    private(set) var evicted = 0

    private let path: String
    private let limits: RecordLimits
    private let now: @Sendable () -> Int64
    private var queue: DatabaseQueue?
    private var wasOpen = false
    /// How many seconds a record is kept.
    private var lifetime: Int64 { limits.lifetime.components.seconds + 1 }
    /// What is known of the file as long as it is open, in which nobody else changes it. When a transaction fails, the file is
    /// closed, and this is forgotten.
    private var state = FileState()

    private struct FileState {
        /// Octets of all records.
        var octets = 0
        /// The row of the newest record.
        var newest: Int64 = 0
        var recentKeys = RecentKeys()
        /// The rows of messages that are under way.
        var rowsInFlight: [RecordKey: StoredRow] = [:]
        /// Whether each commit waits for the disk.
        var isSynchronous = true
    }

    /// A record's row.
    private struct StoredRow {
        /// 0 if there is none.
        var id: Int64 = 0
        var size = 0
        /// Whether it was written by the attempt that is under way.
        var isOwn = false
    }

    /// How many records are removed in one step.
    private static let slice = 256

    /// - Parameter now: the time in seconds since 1970.
    init(
        path: String, limits: RecordLimits,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.path = path
        self.limits = limits
        self.now = now
    }

    mutating func open(as instance: InstanceID) throws(RecordBackendError) -> RecordSecret {
        if !FileManager.default.fileExists(atPath: path) { try Self.create(path, isLasting: !wasOpen) }
        var configuration = Configuration()
        configuration.label = "records"
        configuration.busyMode = .timeout(1)
        configuration.prepareDatabase { db in
            // The lock is held until the file is closed, so that no second process takes the same messages for its own.
            try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // 1 MB of log. Records are appended, so a larger one would save few copies of a page, and the commit that copies it
            // back would keep others waiting.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 256")
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let (secret, state) = try queue.writeWithoutTransaction { db in
                try SQLiteSchema.migrate(db, lifetime: lifetime)
                // A file that can be read and not written is of no use.
                try db.execute(
                    sql: "INSERT OR REPLACE INTO meta (name, value) VALUES ('opened', ?)",
                    arguments: [Data(String(now()).utf8)])
                return (try SQLiteSchema.secret(db), try loadState(db))
            }
            self.queue = queue
            self.state = state
            wasOpen = true
            return secret
        } catch {
            throw Self.error(error, path, isLasting: !wasOpen)
        }
    }

    /// Learns what there is in a file.
    private func loadState(_ db: Database) throws -> FileState {
        var state = FileState()
        let indexed = try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE name = 'indexed'") ?? 0
        // What was written of a round that was interrupted: its records are among the recent ones again.
        try db.execute(sql: "DELETE FROM key_index WHERE id > ?", arguments: [indexed])
        // The newest record may be gone; rows still have to be above those of the index.
        state.newest = max(indexed, try Int64.fetchOne(db, sql: "SELECT max(id) FROM record") ?? 0)
        let records = try Int.fetchOne(db, sql: "SELECT count(*) FROM record") ?? 0
        let responses = try Int.fetchOne(db, sql: "SELECT coalesce(sum(length(octets)), 0) FROM response") ?? 0
        state.octets = records * RecordLimits.overhead + responses
        let statement = try db.cachedStatement(sql: "SELECT key, id FROM record WHERE id > ? ORDER BY id")
        statement.bind(indexed, at: 1)
        defer { statement.reset() }
        while try statement.step() {
            state.recentKeys.insert(RecordKey(octets: statement.octets(0) ?? []), at: statement.number(1))
        }
        return state
    }

    /// Creates the file, which holds responses with addresses in them: nobody else reads it.
    private static func create(_ path: String, isLasting: Bool) throws(RecordBackendError) {
        let created = FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        guard !created else { return }
        throw RecordBackendError(
            "\(path) cannot be created; choose a path in an existing folder that this user can write to",
            isLasting: isLasting)
    }

    func filter() throws(RecordBackendError) -> KeyFilter? {
        // To read more would hold up others, and a filter of more keys would tell few from others.
        guard state.octets / RecordLimits.overhead <= KeyFilter.capacity else { return nil }
        var filter = KeyFilter()
        do {
            try queue?.read { db in
                let keys = try Data.fetchCursor(db, sql: "SELECT key FROM record")
                while let key = try keys.next() { filter.insert(RecordKey(octets: Array(key))) }
            }
        } catch {
            throw Self.error(error, path)
        }
        return filter
    }

    mutating func run(
        _ jobs: [RecordJob], isHeld: (RecordKey) -> Bool
    ) throws(RecordBackendError) -> [RecordJob.Result] {
        let now = now()
        var results: [RecordJob.Result] = []
        results.reserveCapacity(jobs.count)
        do {
            guard let queue else { throw Self.closed }
            try queue.writeWithoutTransaction { db in
                guard jobs.contains(where: { !$0.isClaim }) else {
                    for job in jobs { results.append(try result(of: job, db, now)) }
                    return
                }
                // What nobody waits for reaches the disk with the next that somebody does; the end of this process alone does not
                // lose it.
                try makeSynchronous(jobs.contains { $0.isGate }, db)
                var removed = 0
                try db.inTransaction(.immediate) {
                    for job in jobs { results.append(try result(of: job, db, now)) }
                    removed = try keepWithinBounds(db, isHeld)
                    try indexRecentKeys(db)
                    return .commit
                }
                evicted += removed
            }
        } catch {
            throw Self.error(error, path)
        }
        return results
    }

    private mutating func makeSynchronous(_ isSynchronous: Bool, _ db: Database) throws {
        guard isSynchronous != state.isSynchronous else { return }
        try db.cachedStatement(sql: "PRAGMA synchronous = \(isSynchronous ? "FULL" : "NORMAL")").execute()
        state.isSynchronous = isSynchronous
    }

    mutating func maintain(isHeld: (RecordKey) -> Bool) throws(RecordBackendError) {
        let now = now()
        do {
            guard let queue else { throw Self.closed }
            try queue.writeWithoutTransaction { db in
                let due = try oldest(db) { $0.written + lifetime <= now }
                guard !due.isEmpty || state.octets > limits.octets else { return }
                var removed = 0
                try db.inTransaction(.immediate) {
                    _ = try remove(due, db, isHeld)
                    // Those that were under way when the last of them was written.
                    removed = try keepWithinBounds(db, isHeld)
                    return .commit
                }
                evicted += removed
            }
        } catch {
            throw Self.error(error, path)
        }
    }

    /// Whoever opens the file next finds that this process is gone.
    mutating func leave() {}

    mutating func close() {
        try? queue?.close()
        queue = nil
        state = FileState()
    }

    // MARK: One job

    private mutating func result(of job: RecordJob, _ db: Database, _ now: Int64) throws -> RecordJob.Result {
        switch job.kind {
        case .claim:
            // Keys that are held here were decided on before; whoever else began to send is gone with its process.
            let found = try row(job.key, db, now)
            let (decision, _) = Record.claim(found?.record, for: job.message, by: job.owner) { _ in true }
            if case .begun = decision { state.rowsInFlight[job.key] = found?.row ?? StoredRow() }
            return .decided(decision)
        case .claimNew:
            state.rowsInFlight[job.key] = StoredRow()
            return .decided(.begun)
        case .startSending:
            guard let record = try own(job, db, now)?.startSending(by: job.owner) else { return .isOwner(false) }
            try write(record, under: job.key, at: now, db)
        case .end(let end):
            guard let record = try own(job, db, now) else { return .isOwner(false) }
            switch record.end(by: job.owner, as: end) {
            case .isLost: return .isOwner(false)
            // The claim was never written.
            case .remove: break
            case .keep(let record): try write(record, under: job.key, at: now, db)
            }
            state.rowsInFlight[job.key] = nil
        }
        return .isOwner(true)
    }

    /// The record of a message that is under way here; nil if the message is not ours any more.
    private mutating func own(_ job: RecordJob, _ db: Database, _ now: Int64) throws -> Record? {
        // A claim is not written. What stands there is our own, or from before.
        let claimed = Record(job.message, .claimed(job.owner))
        if state.rowsInFlight[job.key] != nil { return claimed }
        // The file was closed in between, and another process may have had it.
        let found = try row(job.key, db, now)
        let own: Record
        if let record = found?.record {
            guard record.message == job.message else { return nil }
            switch record.state {
            case .sending(job.owner): own = record
            case .open: own = claimed
            case .claimed, .sending, .done: return nil
            }
        } else {
            own = claimed
        }
        state.rowsInFlight[job.key] = found?.row ?? StoredRow()
        return own
    }

    /// What stands under a key: its record, nil if its time is over, and the row.
    private func row(_ key: RecordKey, _ db: Database, _ now: Int64) throws -> (record: Record?, row: StoredRow)? {
        var id = state.recentKeys[key]
        if id == nil {
            let index = try db.cachedStatement(sql: "SELECT id FROM key_index WHERE key = ?")
            index.bind(key.octets, at: 1)
            defer { index.reset() }
            if try index.step() { id = index.number(0) }
        }
        guard let id else { return nil }
        let statement = try db.cachedStatement(
            sql: """
                SELECT fingerprint, state, owner, written, octets FROM record LEFT JOIN response USING (id)
                WHERE id = ? AND key = ?
                """)
        statement.bind(id, at: 1)
        statement.bind(key.octets, at: 2)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let response = statement.octets(4)
        let row = StoredRow(id: id, size: RecordLimits.overhead + (response?.count ?? 0))
        guard now < statement.number(3) + lifetime else { return (nil, row) }
        let stored = StoredRecord(
            fingerprint: statement.octets(0) ?? [],
            state: response == nil ? Int(statement.number(1)) : StoredRecord.done,
            owner: statement.octets(2), response: response)
        return (stored.record, row)
    }

    private mutating func write(
        _ record: Record, under key: RecordKey, at now: Int64, _ db: Database
    ) throws {
        let stored = StoredRecord(record)
        var row = state.rowsInFlight[key] ?? StoredRow()
        if !row.isOwn {
            // What stood there is from before. The newest record is the last, so that records expire in their order.
            if row.id != 0 { try remove(row.id, key, size: row.size, db) }
            state.newest += 1
            row = StoredRow(id: state.newest, size: RecordLimits.overhead, isOwn: true)
            try insert(stored, under: key, in: row.id, at: now, db)
            state.recentKeys.insert(key, at: row.id)
            state.octets += row.size
        } else if case .open = record.state {
            let statement = try db.cachedStatement(sql: "UPDATE record SET state = ?, owner = NULL WHERE id = ?")
            statement.bind(Int64(stored.state), at: 1)
            statement.bind(row.id, at: 2)
            try statement.run()
        }
        if let response = stored.response {
            let statement = try db.cachedStatement(sql: "INSERT INTO response (id, octets) VALUES (?, ?)")
            statement.bind(row.id, at: 1)
            statement.bind(response, at: 2)
            try statement.run()
            row.size += response.count
            state.octets += response.count
        }
        state.rowsInFlight[key] = row
    }

    private func insert(
        _ stored: StoredRecord, under key: RecordKey, in row: Int64, at now: Int64, _ db: Database
    ) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO record (id, key, fingerprint, state, owner, written) VALUES (?, ?, ?, ?, ?, ?)")
        statement.bind(row, at: 1)
        statement.bind(key.octets, at: 2)
        statement.bind(stored.fingerprint, at: 3)
        statement.bind(Int64(stored.state), at: 4)
        if let owner = stored.owner { statement.bind(owner, at: 5) } else { statement.bindNull(at: 5) }
        statement.bind(now, at: 6)
        try statement.run()
    }

    // MARK: The index of keys

    /// Writes the next slice of recent keys to the index, if there is one.
    private mutating func indexRecentKeys(_ db: Database) throws {
        guard let slice = state.recentKeys.takeSlice() else { return }
        let statement = try db.cachedStatement(sql: "INSERT OR REPLACE INTO key_index (key, id) VALUES (?, ?)")
        for (key, row) in slice.keys {
            statement.bind(key.octets, at: 1)
            statement.bind(row, at: 2)
            try statement.run()
        }
        guard let indexed = slice.indexedThrough else { return }
        let mark = try db.cachedStatement(sql: "INSERT OR REPLACE INTO meta (name, value) VALUES ('indexed', ?)")
        mark.bind(indexed, at: 1)
        try mark.run()
    }

    // MARK: Bounds

    /// A record that may be removed.
    private struct Removable {
        let row: Int64
        let key: RecordKey
        let size: Int
        let written: Int64
    }

    /// The next records to be removed, the oldest first, as long as they are due.
    private func oldest(_ db: Database, while isDue: (Removable) -> Bool) throws -> [Removable] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT id, key, coalesce(length(octets), 0), written FROM record LEFT JOIN response USING (id)
                ORDER BY id LIMIT \(Self.slice)
                """)
        defer { statement.reset() }
        var found: [Removable] = []
        while try statement.step() {
            let record = Removable(
                row: statement.number(0), key: RecordKey(octets: statement.octets(1) ?? []),
                size: RecordLimits.overhead + Int(statement.number(2)), written: statement.number(3))
            guard isDue(record) else { break }
            found.append(record)
        }
        return found
    }

    /// Removes the oldest records, if there are too many octets.
    ///
    /// - Returns: how many were removed.
    private mutating func keepWithinBounds(_ db: Database, _ isHeld: (RecordKey) -> Bool) throws -> Int {
        var count = 0
        while state.octets > limits.octets {
            var surplus = state.octets - limits.octets
            let due = try oldest(db) { record in
                defer { surplus -= record.size }
                return surplus > 0
            }
            let removed = try remove(due, db, isHeld)
            // The oldest are those of messages under way: the next commit tries again.
            if removed == 0 { break }
            count += removed
        }
        return count
    }

    /// Removes records but those whose message is under way.
    ///
    /// - Returns: how many were removed.
    private mutating func remove(_ records: [Removable], _ db: Database, _ isHeld: (RecordKey) -> Bool) throws -> Int {
        var count = 0
        for record in records where !isHeld(record.key) {
            try remove(record.row, record.key, size: record.size, db)
            count += 1
        }
        return count
    }

    private mutating func remove(_ row: Int64, _ key: RecordKey, size: Int, _ db: Database) throws {
        for sql in ["DELETE FROM record WHERE id = ?", "DELETE FROM response WHERE id = ?"] {
            let statement = try db.cachedStatement(sql: sql)
            statement.bind(row, at: 1)
            try statement.run()
        }
        if !state.recentKeys.remove(key, at: row) {
            let statement = try db.cachedStatement(sql: "DELETE FROM key_index WHERE key = ? AND id = ?")
            statement.bind(key.octets, at: 1)
            statement.bind(row, at: 2)
            try statement.run()
        }
        state.octets -= size
    }

    // MARK: Errors

    private static let closed = RecordBackendError("the file is not open")

    private static func error(_ error: any Error, _ path: String, isLasting: Bool = false) -> RecordBackendError {
        guard let error = error as? DatabaseError else {
            return error as? RecordBackendError ?? RecordBackendError("\(path): \(type(of: error))")
        }
        let words =
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                "is in use by another process; give each instance its own file, or use PostgreSQL (postgresql://…) to share "
                    + "Idempotency-Keys"
            case .SQLITE_FULL: "cannot grow: the disk is full"
            case .SQLITE_READONLY, .SQLITE_PERM:
                "cannot be written to; give this user write access to the file and its folder"
            case .SQLITE_CANTOPEN: "cannot be opened; give this user write access to the file and its folder"
            case .SQLITE_NOTADB: "is not an SQLite database; choose another file"
            case .SQLITE_CORRUPT: "is corrupt; move it away, and restore a backup if you have one"
            case .SQLITE_IOERR: "cannot be read or written: the disk failed"
            default: "failed: \(error.message ?? "SQLite error code \(error.resultCode.rawValue)")"
            }
        return RecordBackendError(
            "\(path) \(words)", isLasting: isLasting,
            isInUse: [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode))
    }
}
