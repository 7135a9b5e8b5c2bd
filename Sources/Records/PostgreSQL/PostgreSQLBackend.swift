/// Records in a PostgreSQL database, which several instances share.
///
/// Each instance says every second that it lives. One that was not heard of for the lease is gone: what it claimed is
/// free, and what it was sending is unknown. If it only slept, it finds at the gate that its keys are another's.
struct PostgreSQLBackend: RecordBackend {
    static let kind = RecordStoreStatus.Kind.postgresql
    static let claimsAreReads = false
    private(set) var evicted = 0

    private let uri: String
    private let limits: RecordLimits
    private let lease: Duration
    private var instance = InstanceID()
    private var connection: PostgreSQLConnection?
    /// Whether the database has a table of turns.
    private var hasTurns = false
    /// How often the tables were looked after.
    private var rounds = 0

    /// How many milliseconds the server may take.
    private static let timeout: Int32 = 5000
    /// After how many jobs that another's lock kept from being done no other is tried in the same round.
    private static let mostFailures = 3
    /// How many jobs share a transaction at most.
    private static let mostJobs = 256
    /// How many records are removed in one step.
    private static let slice = 500
    /// How often all records are measured, in rounds.
    private static let measuring = 30

    /// - Parameter lease: how long an instance that is not heard of is believed to live.
    init(uri: String, limits: RecordLimits, lease: Duration = .seconds(10)) {
        self.uri = uri
        self.limits = limits
        self.lease = lease
    }

    mutating func open(as instance: InstanceID) throws(RecordBackendError) -> RecordSecret {
        self.instance = instance
        let connection = try PostgreSQLConnection(uri: uri, timeout: Self.timeout)
        do throws(PostgreSQLConnection.Refusal) {
            if try connection.run(PostgreSQLSchema.look).text != "t" {
                _ = try connection.run(PostgreSQLSchema.create(secret: RecordSecret().hexadecimal))
            }
            let version = try connection.run(PostgreSQLSchema.readVersion).text ?? ""
            guard version == String(PostgreSQLSchema.version) else { throw Self.wrongVersion(version) }
            let secret = try connection.run(PostgreSQLSchema.readSecret).text ?? ""
            _ = try connection.run(PostgreSQLSchema.session(lease: lease.timeInterval))
            hasTurns = try Self.prepareTurns(on: connection)
            try connection.beginPipelines()
            _ = try connection.run([Statement("postern_live", .octets(instance.octets))])
            guard let secret = RecordSecret(hexadecimal: secret) else { throw Self.noSecret }
            self.connection = connection
            return secret
        } catch {
            connection.close()
            throw Self.error(error)
        }
    }

    /// Prepares the statements about turns.
    ///
    /// - Returns: false if the table is missing and this user may not create it, or may not use it. Records do not need it.
    private static func prepareTurns(
        on connection: PostgreSQLConnection
    ) throws(PostgreSQLConnection.Refusal) -> Bool {
        if try connection.run(PostgreSQLSchema.lookForTurns).text != "t" {
            do throws(PostgreSQLConnection.Refusal) {
                _ = try connection.run(PostgreSQLSchema.createTurns)
            } catch {
                guard !error.isBroken, error.code == insufficientPrivilege else { throw error }
                _ = try connection.run("ROLLBACK")
                return false
            }
        }
        guard try connection.run(PostgreSQLSchema.mayUseTurns).text == "t" else { return false }
        _ = try connection.run(PostgreSQLSchema.turns)
        return true
    }

    private static let insufficientPrivilege = "42501"

    /// Other instances add records.
    mutating func filter() -> KeyFilter? { nil }

    mutating func run(
        _ jobs: [RecordJob], isHeld: (RecordKey) -> Bool
    ) throws(RecordBackendError) -> [RecordJob.Result] {
        // Instances that change the same keys do so in one order, so that none waits for another in a circle.
        let order = jobs.indices.sorted { jobs[$0].key.octets.lexicographicallyPrecedes(jobs[$1].key.octets) }
        var results = [RecordJob.Result](repeating: .again, count: jobs.count)
        var failures = 0
        for start in stride(from: 0, to: order.count, by: Self.mostJobs) {
            let places = order[start..<min(start + Self.mostJobs, order.count)]
            do throws(PostgreSQLConnection.Refusal) {
                guard failures < Self.mostFailures else {
                    for place in places { results[place] = .failed }
                    continue
                }
                try run(places, of: jobs, &results)
            } catch {
                guard Self.isOfOne(error) else { throw Self.error(error) }
                // One of them is in the way of the others: each is done by itself.
                for place in places {
                    // More than a few: it is the table that is locked, and the others would wait as long.
                    guard failures < Self.mostFailures else {
                        results[place] = .failed
                        continue
                    }
                    try runAlone(place, of: jobs, &results)
                    if case .failed = results[place] { failures += 1 }
                }
            }
        }
        return results
    }

    private func run(
        _ places: ArraySlice<Int>, of jobs: [RecordJob], _ results: inout [RecordJob.Result]
    ) throws(PostgreSQLConnection.Refusal) {
        let asked = places.map { statements(for: jobs[$0]) }
        var rows = try transact(asked.flatMap { $0 })[...]
        for (place, own) in zip(places, asked) {
            results[place] = result(of: jobs[place], Array(rows.prefix(own.count)))
            rows = rows.dropFirst(own.count)
        }
    }

    private func runAlone(
        _ place: Int, of jobs: [RecordJob], _ results: inout [RecordJob.Result]
    ) throws(RecordBackendError) {
        do throws(PostgreSQLConnection.Refusal) {
            try run([place], of: jobs, &results)
        } catch {
            guard Self.isOfOne(error) else { throw Self.error(error) }
            results[place] = .failed
        }
    }

    /// Whether something else holds a row for too long, which says nothing about other rows.
    private static func isOfOne(_ refusal: PostgreSQLConnection.Refusal) -> Bool {
        !refusal.isBroken && refusal.code == "55P03"
    }

    mutating func takeTurns(_ requests: [TurnRequest]) throws(RecordBackendError) -> [Turn?] {
        guard hasTurns else { return requests.map { _ in nil } }
        var turns: [Turn?] = []
        // Nobody else waits for the lock longer than so many take.
        for start in stride(from: 0, to: requests.count, by: Self.mostJobs) {
            turns += try takeTurns(requests[start..<min(start + Self.mostJobs, requests.count)])
        }
        return turns
    }

    private func takeTurns(_ requests: ArraySlice<TurnRequest>) throws(RecordBackendError) -> [Turn?] {
        let relays = Set(requests.map(\.relay)).sorted()
        do throws(PostgreSQLConnection.Refusal) {
            let rows = try transact(
                relays.map { Statement("postern_turn_lock", .text($0)) } + requests.map(Self.statement))
            return zip(requests, rows.dropFirst(relays.count)).map { request, rows in
                Self.turn(rows.first, patience: request.patience)
            }
        } catch {
            // Another instance stands still while it holds the lock: each limits itself, and records are not affected.
            if Self.isOfOne(error) { return requests.map { _ in nil } }
            throw Self.error(error)
        }
    }

    private static func statement(for request: TurnRequest) -> Statement {
        func list(_ values: [some CustomStringConvertible]) -> PostgreSQLValue {
            .text("{\(values.map(\.description).joined(separator: ","))}")
        }
        return Statement(
            "postern_turn", .text(request.relay), list(request.windows.map(\.period.timeInterval)),
            list(request.windows.map(\.count)), .number(request.patience.timeInterval))
    }

    private static func turn(_ row: Row?, patience: Duration) -> Turn? {
        guard let row, row.count == 2 else { return nil }
        let seconds = Double(bitPattern: UInt64(truncatingIfNeeded: number(row[0])))
        guard seconds.isFinite else { return nil }
        let wait = max(.zero, Duration.seconds(seconds))
        return number(row[1]) == 1 ? .after(wait) : .refuse(retryAfter: max(.zero, wait - patience))
    }

    mutating func maintain(isHeld: (RecordKey) -> Bool) throws(RecordBackendError) {
        do throws(PostgreSQLConnection.Refusal) {
            try look()
        } catch {
            // Somebody else's lock on records that have expired is no reason to give up.
            guard !Self.isOfOne(error) else { return }
            throw Self.error(error)
        }
    }

    private mutating func look() throws(PostgreSQLConnection.Refusal) {
        rounds += 1
        _ = try transact([Statement("postern_live", .octets(instance.octets))])
        _ = try transact([Statement("postern_expire", .integer(Self.slice))])
        if hasTurns { _ = try transact([Statement("postern_turn_expire", .integer(Self.slice))]) }
        guard rounds % Self.measuring == 0 else { return }
        let sum = try transact([Statement("postern_forget"), Statement("postern_sum")])
        var octets = Self.number(sum[1].first?.first ?? nil)
        while octets > limits.octets {
            let sizes = try transact([
                Statement("postern_evict", .integer(octets - limits.octets), .integer(Self.slice))
            ])[0]
            if sizes.isEmpty { return }
            evicted += sizes.count
            octets -= sizes.reduce(0) { $0 + Self.number($1.first ?? nil) }
        }
    }

    /// What this instance claimed is free at once.
    mutating func leave() {
        _ = try? connection?.run([Statement("postern_leave", .octets(instance.octets))])
    }

    mutating func close() {
        connection?.close()
        connection = nil
    }

    /// Looks whether a store can be had in a database, and changes nothing.
    static func look(at uri: String) throws(RecordBackendError) {
        let connection = try PostgreSQLConnection(uri: uri, timeout: timeout)
        defer { connection.close() }
        do throws(PostgreSQLConnection.Refusal) {
            guard try connection.run(PostgreSQLSchema.look).text == "t" else {
                guard try connection.run(PostgreSQLSchema.mayCreate).text == "t" else { throw mayNotCreate }
                return
            }
            let version = try connection.run(PostgreSQLSchema.readVersion).text ?? ""
            guard version == String(PostgreSQLSchema.version) else { throw wrongVersion(version) }
        } catch {
            throw Self.error(error)
        }
    }

    private static let mayNotCreate = PostgreSQLConnection.Refusal(
        code: insufficientPrivilege,
        text: "the tables do not exist, and this user may not create them; grant CREATE on the schema",
        isBroken: false)

    // MARK: Jobs

    private typealias Statement = PostgreSQLConnection.Statement
    private typealias Row = PostgreSQLConnection.Row

    private func statements(for job: RecordJob) -> [Statement] {
        let key = PostgreSQLValue.octets(job.key.octets)
        let owner = PostgreSQLValue.octets(job.owner.octets)
        let lifetime = PostgreSQLValue.number(limits.lifetime.timeInterval)
        switch job.kind {
        case .claim, .claimNew:
            return [
                Statement("postern_claim", key, .octets(job.message.octets), owner, lifetime),
                Statement("postern_look", key),
            ]
        case .startSending: return [Statement("postern_start", key, owner)]
        case .end(.free): return [Statement("postern_free", key, owner)]
        case .end(.open): return [Statement("postern_open", key, owner, lifetime)]
        case .end(.done(let response)):
            let octets = response.octets
            return [
                Statement(
                    "postern_done", key, .octets(job.message.octets), owner, .octets(octets),
                    .integer(RecordLimits.overhead + octets.count), lifetime)
            ]
        }
    }

    private func result(of job: RecordJob, _ rows: [[Row]]) -> RecordJob.Result {
        guard job.isClaim else { return .isOwner(!rows[0].isEmpty) }
        if !rows[0].isEmpty { return .decided(.begun) }
        guard let row = rows[1].first, row.count == 6, let fingerprint = row[0] else { return .again }
        let isAlive = row[4] == [1]
        let stored = StoredRecord(
            fingerprint: fingerprint, state: Self.number(row[1]), owner: row[2], response: row[3])
        // A key of this process that is under way was decided on before: what else is its own, it has lost.
        let (decision, _) = Record.claim(row[5] == [1] ? nil : stored.record, for: job.message, by: job.owner) {
            $0.instance == instance || !isAlive
        }
        // The database would not have it, but it may be had now: another instance came between.
        return decision == .begun ? .again : .decided(decision)
    }

    /// Runs statements as one transaction; again if another instance's came across it.
    private func transact(_ statements: [Statement]) throws(PostgreSQLConnection.Refusal) -> [[Row]] {
        guard let connection else { throw Self.closed }
        for _ in 1..<Self.mostTries {
            do throws(PostgreSQLConnection.Refusal) {
                return try connection.run(statements)
            } catch {
                // A deadlock, or a serialization failure: nothing was changed.
                guard !error.isBroken, ["40P01", "40001"].contains(error.code) else { throw error }
            }
        }
        return try connection.run(statements)
    }

    private static let closed = PostgreSQLConnection.Refusal(code: "", text: "not connected", isBroken: true)

    private static let mostTries = 5

    /// A whole number in binary form.
    private static func number(_ octets: [UInt8]?) -> Int {
        (octets ?? []).reduce(0) { $0 << 8 | Int($1) }
    }

    // MARK: Errors

    private static func error(_ refusal: PostgreSQLConnection.Refusal) -> RecordBackendError {
        RecordBackendError("PostgreSQL: \(refusal.text)", isLasting: refusal.code == wrongVersionCode)
    }

    /// A code of our own, in the class that PostgreSQL leaves to others.
    private static let wrongVersionCode = "P0PST"

    private static func wrongVersion(_ version: String) -> PostgreSQLConnection.Refusal {
        PostgreSQLConnection.Refusal(
            code: wrongVersionCode,
            text: "the tables have schema version \(version), but this version of Postern supports only version "
                + "\(PostgreSQLSchema.version); start the version that created them, or choose another database",
            isBroken: false)
    }

    private static let noSecret = PostgreSQLConnection.Refusal(
        code: wrongVersionCode, text: "another program has changed the table postern_meta", isBroken: false)
}

extension [[PostgreSQLConnection.Row]] {
    /// The only value of a script's last statement, which is text.
    fileprivate var text: String? {
        (last?.first?.first ?? nil).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension RecordSecret {
    fileprivate var hexadecimal: String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    fileprivate init?(hexadecimal: String) {
        let digits = Array(hexadecimal)
        guard digits.count == 64 else { return nil }
        var octets: [UInt8] = []
        for start in stride(from: 0, to: 64, by: 2) {
            guard let octet = UInt8(String(digits[start..<start + 2]), radix: 16) else { return nil }
            octets.append(octet)
        }
        self.init(octets: octets)
    }
}
