import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Records

/// A file of records: its tables, its index of keys, and files of older versions.
@Suite(.timeLimit(.minutes(1))) struct SQLiteBackendTests {
    private let message = MessageFingerprint(octets: Array(repeating: 1, count: 32))
    private let other = MessageFingerprint(octets: Array(repeating: 2, count: 32))
    private let long = RecordLimits(lifetime: .seconds(3600), octets: 1 << 30)

    /// A folder that goes with the test.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        var file: String { path + "/records.db" }

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        /// What a statement says of the file, a line for each row.
        func query(_ sql: String) async throws -> String {
            let script = """
                import sqlite3, sys
                found = sqlite3.connect(sys.argv[1])
                found.executescript(sys.argv[2]) if ";" in sys.argv[2] else [print(*row) for row in found.execute(sys.argv[2])]
                found.commit()
                """
            let made = try await Program.run("/usr/bin/python3", ["-c", script, file, sql])
            #expect(made.status == 0, "\(made.errors)")
            return made.output
        }
    }

    /// The file, opened by an instance of its own.
    private struct Opened {
        var backend: SQLiteBackend
        let instance = InstanceID()

        init(_ folder: Folder, _ limits: RecordLimits, now: @escaping @Sendable () -> Int64 = { 1_000_000 }) throws {
            backend = SQLiteBackend(path: folder.file, limits: limits, now: now)
            _ = try backend.open(as: instance)
        }

        mutating func run(
            _ keys: [RecordKey], _ message: MessageFingerprint, _ kind: RecordJob.Kind, attempt: UInt64 = 1
        ) throws {
            let owner = RecordOwner(instance, attempt: attempt)
            let jobs = keys.map { RecordJob(key: $0, message: message, owner: owner, kind: kind) }
            for result in try backend.run(jobs, isHeld: { _ in false }) {
                switch result {
                case .decided(.begun), .isOwner(true): break
                default: Issue.record("\(result)")
                }
            }
        }

        /// Sends messages whole, with a response that tells of the key.
        mutating func send(_ numbers: some Collection<Int>, _ message: MessageFingerprint, claimed: Bool = false) throws
        {
            let owner = RecordOwner(instance, attempt: 1)
            let keys = numbers.map { SQLiteBackendTests.key($0) }
            if !claimed { try run(keys, message, .claimNew) }
            try run(keys, message, .startSending)
            let ends = numbers.map {
                RecordJob(
                    key: SQLiteBackendTests.key($0), message: message, owner: owner,
                    kind: .end(.done(SQLiteBackendTests.response($0))))
            }
            _ = try backend.run(ends, isHeld: { _ in false })
        }

        mutating func decision(_ number: Int, _ message: MessageFingerprint) throws -> RecordDecision? {
            let job = RecordJob(
                key: SQLiteBackendTests.key(number), message: message, owner: RecordOwner(instance, attempt: 9),
                kind: .claim)
            guard case .decided(let decision)? = try backend.run([job], isHeld: { _ in false }).first else {
                return nil
            }
            return decision
        }
    }

    private static func key(_ number: Int) -> RecordKey { RecordKey(caller: nil, text: "\(number)", index: nil) }

    private static func response(_ number: Int) -> KeptResponse {
        KeptResponse(status: 200, fields: [], body: Array("\(number)".utf8))
    }

    /// Every key is found in each state of the index: before, within and after a round, and when the file is opened again there.
    @Test(arguments: [4000, 4096, 5000, 6500, 9000, 13_000]) func everyKeyIsFound(_ count: Int) async throws {
        let folder = try Folder()
        var opened = try Opened(folder, long)
        for start in stride(from: 0, to: count, by: 100) { try opened.send(start..<min(start + 100, count), message) }
        for isOpenedAgain in [false, true] {
            if isOpenedAgain {
                opened.backend.close()
                opened = try Opened(folder, long)
            }
            for number in 0..<count {
                let found = try opened.decision(number, message)
                #expect(found == .replay(Self.response(number)), "\(number)")
            }
            #expect(try opened.decision(count, message) == .begun)
        }
        opened.backend.close()
        let indexed = Int(
            try await folder.query("SELECT count(*) FROM key_index").trimmingCharacters(in: .whitespacesAndNewlines))
        // A round that was interrupted begins anew.
        #expect(count < 6000 ? indexed == 0 : (indexed ?? 0) >= RecentKeys.roundThreshold)
    }

    /// Records that were indexed, or not yet, leave nothing behind when their time is over.
    @Test func whatHasExpiredIsGoneFromEveryTable() async throws {
        let folder = try Folder()
        let shared = SharedTime()
        var opened = try Opened(folder, long) { shared.seconds }
        try opened.send(0..<7000, message)
        shared.seconds += 3602
        try opened.run([Self.key(0)], other, .claim)
        try opened.run([Self.key(0)], other, .startSending)
        for _ in 0..<40 { try opened.backend.maintain { _ in false } }
        opened.backend.close()
        #expect(try await folder.query("SELECT count(*) FROM record") == "1\n")
        #expect(try await folder.query("SELECT count(*) FROM response") == "0\n")
        #expect(try await folder.query("SELECT count(*) FROM key_index") == "0\n")
        opened = try Opened(folder, long) { shared.seconds }
        #expect(try opened.decision(0, other) == .unknown)
        #expect(try opened.decision(1, other) == .begun)
        opened.backend.close()
    }

    /// All that the index was made of is gone, the newest record with it. What comes then is not taken for indexed.
    @Test func whatComesAfterAllWereRemovedIsFound() throws {
        let folder = try Folder()
        let shared = SharedTime()
        var opened = try Opened(folder, long) { shared.seconds }
        // One round, whose last record is the newest.
        try opened.send(0..<RecentKeys.roundThreshold, message)
        for number in 1...RecentKeys.roundThreshold / RecentKeys.minimumSlice {
            try opened.run([Self.key(-number)], message, .claimNew)
            try opened.run([Self.key(-number)], message, .end(.free))
        }
        shared.seconds += 3602
        for _ in 0..<20 { try opened.backend.maintain { _ in false } }
        for number in 5000..<5002 {
            opened.backend.close()
            opened = try Opened(folder, long) { shared.seconds }
            try opened.send(number..<number + 1, message)
        }
        opened.backend.close()
        opened = try Opened(folder, long) { shared.seconds }
        for number in 5000..<5002 { #expect(try opened.decision(number, message) == .replay(Self.response(number))) }
        opened.backend.close()
    }

    /// The file is closed while a round goes on, and all records are removed then: nothing of the round is left in the index,
    /// and a record that comes later is not taken for one of those.
    @Test func aRoundThatWasInterruptedLeavesNothing() async throws {
        let folder = try Folder()
        let shared = SharedTime()
        var opened = try Opened(folder, long) { shared.seconds }
        for start in stride(from: 0, to: 4400, by: 100) { try opened.send(start..<start + 100, message) }
        opened.backend.close()
        let written = try await folder.query("SELECT count(*) FROM key_index WHERE id > 0")
        #expect(written != "0\n" && written != "4096\n")
        #expect(try await folder.query("SELECT count(*) FROM meta WHERE name = 'indexed'") == "0\n")
        opened = try Opened(folder, long) { shared.seconds }
        shared.seconds += 3602
        for _ in 0..<20 { try opened.backend.maintain { _ in false } }
        opened.backend.close()
        #expect(try await folder.query("SELECT count(*) FROM key_index") == "0\n")
        opened = try Opened(folder, long) { shared.seconds }
        try opened.send(10_000..<14_000, message)
        for number in 0..<4400 { #expect(try opened.decision(number, other) == .begun) }
        opened.backend.close()
    }

    /// A shorter lifetime counts for what is there already, so that records still expire in their order.
    @Test func aShorterLifetimeCountsAtOnce() throws {
        let folder = try Folder()
        let shared = SharedTime()
        var opened = try Opened(folder, long) { shared.seconds }
        try opened.send(0..<10, message)
        opened.backend.close()
        opened = try Opened(folder, RecordLimits(lifetime: .seconds(60), octets: 1 << 30)) { shared.seconds }
        try opened.send(10..<20, message)
        shared.seconds += 62
        #expect(try opened.decision(5, other) == .begun)
        #expect(try opened.decision(15, other) == .begun)
        opened.backend.close()
    }

    /// The file is opened while the clock is far behind, as after a start without a clock of the hardware: when that is right
    /// again, all records are known.
    @Test func aClockThatIsBehindHarmsNothing() throws {
        let folder = try Folder()
        let shared = SharedTime()
        var opened = try Opened(folder, long) { shared.seconds }
        try opened.send(0..<10, message)
        opened.backend.close()
        shared.seconds -= 900_000
        opened = try Opened(folder, long) { shared.seconds }
        try opened.backend.maintain { _ in false }
        try opened.send(10..<20, message)
        shared.seconds += 900_000
        for _ in 0..<2 {
            for number in 0..<10 { #expect(try opened.decision(number, message) == .replay(Self.response(number))) }
            try opened.backend.maintain { _ in false }
            opened.backend.close()
            opened = try Opened(folder, long) { shared.seconds }
        }
        opened.backend.close()
    }

    /// A message that was not sent and is tried again, after others: its record ends with theirs.
    @Test func anOpenRecordIsWrittenAnewWhenItIsTriedAgain() async throws {
        let folder = try Folder()
        var opened = try Opened(folder, long)
        try opened.run([Self.key(0)], message, .claimNew)
        try opened.run([Self.key(0)], message, .startSending)
        try opened.run([Self.key(0)], message, .end(.open))
        #expect(try opened.decision(0, other) == .otherMessage)
        try opened.send(1..<3, message)
        try opened.run([Self.key(0)], message, .claim)
        try opened.run([Self.key(0)], message, .startSending)
        try opened.run([Self.key(0)], message, .end(.done(Self.response(0))))
        #expect(try opened.decision(0, message) == .replay(Self.response(0)))
        opened.backend.close()
        #expect(try await folder.query("SELECT id FROM record ORDER BY id") == "2\n3\n4\n")
        #expect(try await folder.query("SELECT id FROM response ORDER BY id") == "2\n3\n4\n")
    }

    /// The second transaction of a message finds its record as it has to be.
    @Test func aMessageMayPassItsGateAgain() throws {
        let folder = try Folder()
        var opened = try Opened(folder, long)
        try opened.run([Self.key(0)], message, .claimNew)
        for _ in 0..<2 { try opened.run([Self.key(0)], message, .startSending) }
        opened.backend.close()
        opened = try Opened(folder, long)
        #expect(try opened.decision(0, message) == .unknown)
        opened.backend.close()
    }

    /// Whatever is sent, ends, expires and is opened again in whatever order: a file knows what a dictionary would.
    @Test(arguments: 1...4) func aFileKnowsWhatADictionaryWould(_ seed: UInt64) throws {
        struct Known {
            let message: MessageFingerprint
            /// Nil if it is open.
            let decision: RecordDecision?
            let expires: Int64
        }
        var random = SeededGenerator(seed: seed)
        let folder = try Folder()
        let shared = SharedTime()
        var known: [Int: Known] = [:]
        var opened = try Opened(folder, long) { shared.seconds }
        func isKnown(_ number: Int) -> Bool { known[number].map { $0.expires > shared.seconds } ?? false }
        for step in 0..<120 {
            let first = Int.random(in: 0..<20_000, using: &random)
            let numbers = (first..<first + Int.random(in: 1...300, using: &random)).filter { !isKnown($0) }
            let expires = shared.seconds + 3601
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                try opened.run(numbers.map(Self.key), message, .claim)
                try opened.send(numbers, message, claimed: true)
                for number in numbers {
                    known[number] = Known(message: message, decision: .replay(Self.response(number)), expires: expires)
                }
            case 6:
                let keys = numbers.map(Self.key)
                for kind in [RecordJob.Kind.claim, .startSending, .end(.open)] { try opened.run(keys, other, kind) }
                for number in numbers { known[number] = Known(message: other, decision: nil, expires: expires) }
            case 7:
                opened.backend.close()
                opened = try Opened(folder, long) { shared.seconds }
            case 8: shared.seconds += Int64.random(in: 1...900, using: &random)
            default: for _ in 0..<8 { try opened.backend.maintain { _ in false } }
            }
            for _ in 0..<60 {
                let number = Int.random(in: 0..<20_300, using: &random)
                let asked = number % 2 == 0 ? message : other
                var expected = RecordDecision.begun
                if let record = known[number], isKnown(number) {
                    expected = record.message == asked ? record.decision ?? .begun : .otherMessage
                }
                let found = try opened.decision(number, asked)
                #expect(found == expected, "\(number) after step \(step) of seed \(seed)")
                // Asked, and not sent.
                if found == .begun { try opened.run([Self.key(number)], asked, .end(.free), attempt: 9) }
            }
        }
        opened.backend.close()
    }

    // MARK: Older files

    /// The tables of the first version, with a record in each state.
    @Test func aFileOfTheFirstVersion() async throws {
        let folder = try Folder()
        func blob(_ octets: [UInt8]) -> String {
            "x'" + octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
        }
        let owner = RecordOwner(InstanceID(), attempt: 3)
        let secret = [UInt8](repeating: 7, count: 32)
        func row(_ number: Int, _ state: Int, owner: String = "NULL", response: String = "NULL", expires: Int) -> String
        {
            "INSERT INTO record (key, fingerprint, state, owner, response, size, expires) VALUES "
                + "(\(blob(Self.key(number).octets)), \(blob(message.octets)), \(state), \(owner), \(response), 300, \(expires));"
        }
        _ = try await folder.query(
            """
            CREATE TABLE record (
                id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, fingerprint BLOB NOT NULL, state INTEGER NOT NULL, owner BLOB,
                response BLOB, size INTEGER NOT NULL, expires INTEGER NOT NULL
            );
            CREATE INDEX record_expires ON record (expires);
            CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
            INSERT INTO meta VALUES ('secret', \(blob(secret)));
            PRAGMA application_id = \(SQLiteSchema.application);
            PRAGMA user_version = 1;
            """
                + row(1, 3, response: blob(Self.response(1).octets), expires: 1_000_900)
                + row(2, 0, expires: 1_000_100)
                + row(3, 2, owner: blob(owner.octets), expires: 1_000_500)
                + row(4, 3, response: blob(Self.response(4).octets), expires: 999_999))
        var backend = SQLiteBackend(path: folder.file, limits: long) { 1_000_000 }
        #expect(try backend.open(as: InstanceID()) == RecordSecret(octets: secret))
        backend.close()
        for _ in 0..<2 {
            var opened = try Opened(folder, long)
            #expect(try opened.decision(1, message) == .replay(Self.response(1)))
            #expect(try opened.decision(1, other) == .otherMessage)
            #expect(try opened.decision(2, other) == .otherMessage)
            #expect(try opened.decision(3, message) == .unknown)
            #expect(try opened.decision(4, other) == .begun)
            opened.backend.close()
        }
        #expect(try await folder.query("PRAGMA user_version") == "2\n")
        #expect(
            try await folder.query("SELECT written + 3601 FROM record ORDER BY id")
                == "999999\n1000100\n1000500\n1000900\n")
        #expect(try await folder.query("SELECT name FROM sqlite_master WHERE name LIKE 'record%'") == "record\n")
    }
}

/// A time that a test turns.
private final class SharedTime: Sendable {
    private let time = Mutex<Int64>(1_000_000)
    var seconds: Int64 {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}
