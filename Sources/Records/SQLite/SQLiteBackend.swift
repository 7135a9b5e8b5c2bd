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
    /// Octets of all records.
    private var octets = 0
    /// Where the records of messages that are under way stand. As long as the file is open nobody else changes them.
    private var places: [RecordKey: Place] = [:]

    /// Where a record stands in its table.
    private struct Place {
        /// 0 if it stands nowhere.
        var size = 0
        var row: Int64 = 0
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
            // 16 MB of log: most pages are written several times before they are copied back once.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4096")
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let (secret, octets) = try queue.writeWithoutTransaction { db in
                try SQLiteSchema.migrate(db)
                // A file that can be read and not written is of no use.
                try db.execute(
                    sql: "INSERT OR REPLACE INTO meta (name, value) VALUES ('opened', ?)",
                    arguments: [Data(String(now()).utf8)])
                return (
                    try SQLiteSchema.secret(db),
                    try Int.fetchOne(db, sql: "SELECT coalesce(sum(size), 0) FROM record") ?? 0
                )
            }
            self.queue = queue
            self.octets = octets
            wasOpen = true
            return secret
        } catch {
            throw Self.error(error, path, isLasting: !wasOpen)
        }
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
        guard octets / RecordLimits.overhead <= KeyFilter.capacity else { return nil }
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
        let writes = jobs.contains { !$0.isClaim }
        let now = now()
        var change = Change(octets: octets, places: places)
        // Only one of the two is changed.
        places = [:]
        var results: [RecordJob.Result] = []
        do {
            guard let queue else { throw Self.closed }
            try queue.writeWithoutTransaction { db in
                guard writes else {
                    for job in jobs { results.append(try result(of: job, db, now, &change)) }
                    return
                }
                // What nobody waits for reaches the disk with the next that somebody does; the end of this process alone does not
                // lose it.
                let mode = jobs.contains { $0.isGate } ? "FULL" : "NORMAL"
                try db.cachedStatement(sql: "PRAGMA synchronous = \(mode)").execute()
                try db.inTransaction(.immediate) {
                    for job in jobs { results.append(try result(of: job, db, now, &change)) }
                    try keepWithinBounds(db, &change, isHeld)
                    return .commit
                }
            }
        } catch {
            throw Self.error(error, path)
        }
        octets = change.octets
        places = change.places
        evicted += change.evicted
        return results
    }

    mutating func maintain(isHeld: (RecordKey) -> Bool) throws(RecordBackendError) {
        let now = now()
        var change = Change(octets: octets, places: [:])
        do {
            guard let queue else { throw Self.closed }
            try queue.writeWithoutTransaction { db in
                let due = try Row.fetchAll(
                    db.cachedStatement(sql: "SELECT key, size FROM record WHERE expires <= ? LIMIT \(Self.slice)"),
                    arguments: [now])
                guard !due.isEmpty || change.octets > limits.octets else { return }
                try db.inTransaction(.immediate) {
                    _ = try Self.remove(due, db, &change, isHeld)
                    // Those that were under way when the last of them was written.
                    try keepWithinBounds(db, &change, isHeld)
                    return .commit
                }
            }
        } catch {
            throw Self.error(error, path)
        }
        octets = change.octets
        evicted += change.evicted
    }

    /// Whoever opens the file next finds that this process is gone.
    mutating func leave() {}

    mutating func close() {
        try? queue?.close()
        queue = nil
        places = [:]
    }

    // MARK: One job

    /// What a transaction changes beside its rows, taken over when it is committed.
    private struct Change {
        var octets: Int
        var places: [RecordKey: Place]
        var evicted = 0
    }

    private func result(
        of job: RecordJob, _ db: Database, _ now: Int64, _ change: inout Change
    ) throws -> RecordJob.Result {
        let expires = now + limits.lifetime.components.seconds + 1
        switch job.kind {
        case .claim:
            // Keys that are held here were decided on before; whoever else began to send is gone with its process.
            let found = try row(job.key, db, now)
            let (decision, _) = Record.claim(found?.record, for: job.message, by: job.owner) { _ in true }
            if case .begun = decision { change.places[job.key] = found?.place ?? Place() }
            return .decided(decision)
        case .claimNew:
            change.places[job.key] = Place()
            return .decided(.begun)
        case .startSending:
            guard let record = try own(job, db, now, &change)?.startSending(by: job.owner) else {
                return .isOwner(false)
            }
            try write(job.key, record, expires, db, &change)
        case .end(let end):
            guard let record = try own(job, db, now, &change) else { return .isOwner(false) }
            switch record.end(by: job.owner, as: end) {
            case .isLost: return .isOwner(false)
            // The claim was never written.
            case .remove: break
            case .keep(let record): try write(job.key, record, expires, db, &change)
            }
            change.places[job.key] = nil
        }
        return .isOwner(true)
    }

    /// The record of a message that is under way here; nil if the message is not ours any more.
    private func own(_ job: RecordJob, _ db: Database, _ now: Int64, _ change: inout Change) throws -> Record? {
        // A claim is not written. What stands there is our own, or from before.
        let claimed = Record(job.message, .claimed(job.owner))
        if change.places[job.key] != nil { return claimed }
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
        change.places[job.key] = found?.place ?? Place()
        return own
    }

    /// What stands under a key: its record, nil if its time is over, and where.
    private func row(_ key: RecordKey, _ db: Database, _ now: Int64) throws -> (record: Record?, place: Place)? {
        let statement = try db.cachedStatement(
            sql: "SELECT fingerprint, state, owner, response, size, expires, id FROM record WHERE key = ?")
        guard let row = try Row.fetchOne(statement, arguments: [Data(key.octets)]) else { return nil }
        let place = Place(size: row["size"], row: row["id"])
        guard now < row["expires"] as Int64 else { return (nil, place) }
        let stored = StoredRecord(
            fingerprint: Array(row["fingerprint"] as Data), state: row["state"],
            owner: (row["owner"] as Data?).map { Array($0) }, response: (row["response"] as Data?).map { Array($0) })
        return (stored.record, place)
    }

    private func write(
        _ key: RecordKey, _ record: Record, _ expires: Int64, _ db: Database, _ change: inout Change
    ) throws {
        let stored = StoredRecord(record)
        let size = RecordLimits.overhead + (stored.response?.count ?? 0)
        var place = change.places[key] ?? Place()
        change.octets += size - place.size
        if case .done = record.state, place.isOwn {
            // Written a moment ago, at the gate: its place in the index of times stays.
            try db.cachedStatement(
                sql: "UPDATE record SET state = ?, owner = NULL, response = ?, size = ? WHERE id = ?"
            ).execute(arguments: [stored.state, stored.response.map { Data($0) }, size, place.row])
        } else {
            try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO record (key, fingerprint, state, owner, response, size, expires)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                Data(key.octets), Data(stored.fingerprint), stored.state, stored.owner.map { Data($0) },
                stored.response.map { Data($0) }, size, expires,
            ])
            place.row = db.lastInsertedRowID
        }
        place.size = size
        place.isOwn = true
        change.places[key] = place
    }

    // MARK: Bounds

    private func keepWithinBounds(
        _ db: Database, _ change: inout Change, _ isHeld: (RecordKey) -> Bool
    ) throws {
        while change.octets > limits.octets {
            let oldest = try Row.fetchAll(
                db.cachedStatement(sql: "SELECT key, size FROM record ORDER BY expires LIMIT \(Self.slice)"))
            var surplus: [Row] = []
            var left = change.octets
            for row in oldest where left > limits.octets {
                surplus.append(row)
                left -= row["size"] as Int
            }
            let removed = try Self.remove(surplus, db, &change, isHeld)
            change.evicted += removed
            // Only messages that are under way are left.
            if removed == 0 { return }
        }
    }

    /// Removes records but those whose message is under way.
    private static func remove(
        _ rows: [Row], _ db: Database, _ change: inout Change, _ isHeld: (RecordKey) -> Bool
    ) throws -> Int {
        let statement = try db.cachedStatement(sql: "DELETE FROM record WHERE key = ?")
        var count = 0
        for row in rows {
            let key: Data = row["key"]
            guard !isHeld(RecordKey(octets: Array(key))) else { continue }
            try statement.execute(arguments: [key])
            change.octets -= row["size"] as Int
            count += 1
        }
        return count
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
