import Foundation
import Logging
import TestSupport
import Testing

@testable import Records

/// What holds for every durable store.
@Suite struct DurableRecordStoreTests {
    /// A place for records that outlives its stores.
    final class Place: Sendable {
        enum Kind: CaseIterable, Sendable {
            case sqlite, postgresql
        }

        let location: RecordStoreLocation
        let folder: String
        let server: PostgreSQLServer?

        init(_ kind: Kind) async throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            switch kind {
            case .sqlite:
                server = nil
                location = .sqlite(folder + "/records.db")
            case .postgresql:
                let server = try await PostgreSQLServer()
                self.server = server
                location = .postgresql(server.uri)
            }
        }

        func store(
            _ limits: RecordLimits = RecordLimits(lifetime: .seconds(3600), octets: 1 << 24),
            logger: Logger = KeptLog().logger, lease: Duration = .seconds(1)
        ) throws -> DurableRecordStore {
            switch location {
            case .memory: preconditionFailure("memory is not durable")
            case .sqlite(let path):
                try DurableRecordStore(
                    SQLiteBackend(path: path, limits: limits), logger: logger,
                    pace: .milliseconds(50))
            case .postgresql(let uri):
                try DurableRecordStore(
                    PostgreSQLBackend(uri: uri, limits: limits, lease: lease), logger: logger,
                    pace: .milliseconds(50))
            }
        }

        func remove() async throws {
            try await server?.stop()
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    let message = MessageFingerprint(octets: Array(repeating: 1, count: 32))
    let other = MessageFingerprint(octets: Array(repeating: 2, count: 32))

    func key(_ text: String) -> RecordKey { RecordKey(caller: nil, text: text, index: nil) }

    func response(_ body: String = "{}") -> KeptResponse {
        KeptResponse(status: 200, fields: [.init("Content-Type", "application/json")], body: Array(body.utf8))
    }

    @Test(arguments: Place.Kind.allCases) func whatIsDoneIsThereAfterARestart(_ kind: Place.Kind) async throws {
        let place = try await Place(kind)
        var store = try place.store()
        let secret = try #require(store.secret)
        #expect(try await store.claim(key("done"), for: message) == .begun)
        #expect(try await store.claim(key("done"), for: message) == .inFlight)
        #expect(try await store.claim(key("done"), for: other) == .otherMessage)
        try await store.startSending(key("done"))
        await store.end(key("done"), as: .done(response("{1}")))
        #expect(try await store.claim(key("done"), for: message) == .replay(response("{1}")))
        #expect(try await store.claim(key("open"), for: message) == .begun)
        try await store.startSending(key("open"))
        await store.end(key("open"), as: .open)
        // These two are under way when the process ends.
        #expect(try await store.claim(key("claimed"), for: message) == .begun)
        #expect(try await store.claim(key("sending"), for: message) == .begun)
        try await store.startSending(key("sending"))
        await store.close()

        store = try place.store()
        #expect(store.secret == secret)
        #expect(try await store.claim(key("done"), for: message) == .replay(response("{1}")))
        #expect(try await store.claim(key("done"), for: other) == .otherMessage)
        #expect(try await store.claim(key("open"), for: other) == .otherMessage)
        #expect(try await store.claim(key("open"), for: message) == .begun)
        #expect(try await store.claim(key("claimed"), for: other) == .begun)
        #expect(try await store.claim(key("sending"), for: message) == .unknown)
        #expect(try await store.claim(key("sending"), for: other) == .otherMessage)
        #expect(try await store.claim(key("sending"), for: message) == .unknown)
        await store.close()
        try await place.remove()
    }

    /// Many at once, twice each: every key is begun once.
    @Test(arguments: Place.Kind.allCases) func eachKeyIsBegunOnce(_ kind: Place.Kind) async throws {
        let place = try await Place(kind)
        let store = try place.store()
        let begun = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<600 {
                group.addTask {
                    let key = self.key("\(number / 3)")
                    guard (try? await store.claim(key, for: self.message)) == .begun else { return false }
                    try? await store.startSending(key)
                    await store.end(key, as: .done(self.response()))
                    return true
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(begun == 200)
        await store.close()
        try await place.remove()
    }

    @Test(arguments: Place.Kind.allCases) func recordsExpire(_ kind: Place.Kind) async throws {
        let place = try await Place(kind)
        let store = try place.store(RecordLimits(lifetime: .seconds(1), octets: 1 << 24))
        #expect(try await store.claim(key("a"), for: message) == .begun)
        await store.end(key("a"), as: .done(response()))
        #expect(try await store.claim(key("a"), for: other) == .otherMessage)
        var decision = RecordDecision.otherMessage
        for _ in 0..<100 where decision == .otherMessage {
            try await Task.sleep(for: .milliseconds(100))
            decision = try await store.claim(key("a"), for: other)
        }
        #expect(decision == .begun)
        await store.close()
        try await place.remove()
    }

    @Test func aFileOfRecordsIsBounded() async throws {
        let place = try await Place(.sqlite)
        let log = KeptLog()
        let store = try place.store(
            RecordLimits(lifetime: .seconds(3600), octets: 100_000), logger: log.logger)
        let large = response(String(repeating: "x", count: 1000))
        #expect(try await store.claim(key("under way"), for: message) == .begun)
        try await store.startSending(key("under way"))
        for number in 0..<300 {
            #expect(try await store.claim(key("\(number)"), for: message) == .begun)
            await store.end(key("\(number)"), as: .done(large))
        }
        #expect(try await store.claim(key("299"), for: message) == .replay(large))
        #expect(try await store.claim(key("under way"), for: message) == .inFlight)
        for _ in 0..<200 where store.status.evicted <= 200 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(store.status.evicted > 200)
        #expect(log.all.filter { $0.level == .warning }.count == 1)
        await store.end(key("under way"), as: .open)
        await store.close()
        try await place.remove()
    }

    /// The database goes away while a message is between its gate and its response, and comes back.
    @Test func whatEndsWhileTheServerIsAwayIsKeptLater() async throws {
        let place = try await Place(.postgresql)
        let log = KeptLog()
        let store = try place.store(logger: log.logger)
        for text in ["accepted", "refused"] {
            #expect(try await store.claim(key(text), for: message) == .begun)
            try await store.startSending(key(text))
        }
        #expect(try await store.claim(key("waiting"), for: message) == .begun)
        try await place.server?.stop(removing: false)
        await #expect(throws: RecordStoreError.unavailable) { try await store.startSending(self.key("waiting")) }
        await store.end(key("waiting"), as: .open)
        await store.end(key("accepted"), as: .done(response()))
        await store.end(key("refused"), as: .open)
        await #expect(throws: RecordStoreError.unavailable) {
            try await store.claim(self.key("new"), for: self.message)
        }
        #expect(store.status.error != nil)
        try await place.server?.restart()
        for _ in 0..<200 where store.status.error != nil { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try await store.claim(key("accepted"), for: message) == .replay(response()))
        #expect(try await store.claim(key("refused"), for: message) == .begun)
        #expect(try await store.claim(key("waiting"), for: message) == .begun)
        #expect(log.all.filter { $0.level == .error }.count == 1)
        #expect(log.all.filter { $0.level == .notice }.count == 1)
        #expect(!log.all.contains { $0.text.contains("secret") })
        await store.close()
        try await place.remove()
    }

    /// An instance that was not heard of loses what it only claimed, and finds that out at the gate.
    @Test func instancesOfOneDatabase() async throws {
        let place = try await Place(.postgresql)
        let first = try place.store()
        let second = try place.store()
        #expect(first.secret == second.secret)
        #expect(try await first.claim(key("a"), for: message) == .begun)
        #expect(try await second.claim(key("a"), for: message) == .inFlight)
        #expect(try await second.claim(key("a"), for: other) == .otherMessage)
        try await first.startSending(key("a"))
        #expect(try await second.claim(key("a"), for: message) == .inFlight)
        await first.end(key("a"), as: .done(response()))
        #expect(try await second.claim(key("a"), for: message) == .replay(response()))

        #expect(try await first.claim(key("claimed"), for: message) == .begun)
        #expect(try await first.claim(key("sending"), for: message) == .begun)
        try await first.startSending(key("sending"))
        // As if the first one had slept past its lease.
        let asleep = try #require(place.server)
        _ = try await asleep.run("UPDATE postern_record SET owner = '\\x00' WHERE owner IS NOT NULL")
        #expect(try await second.claim(key("claimed"), for: message) == .begun)
        await #expect(throws: RecordStoreError.lost) { try await first.startSending(self.key("claimed")) }
        #expect(try await second.claim(key("sending"), for: message) == .unknown)
        await first.close()
        await second.close()
        try await place.remove()
    }

    /// An instance ends without a word: after its lease what it claimed is free, and what it sent is unknown.
    @Test func theLeaseOfAnInstanceEnds() async throws {
        let place = try await Place(.postgresql)
        let server = try #require(place.server)
        let first = try place.store()
        #expect(try await first.claim(key("claimed"), for: message) == .begun)
        #expect(try await first.claim(key("sending"), for: message) == .begun)
        try await first.startSending(key("sending"))
        // Its place among the instances stays, and is not renewed any more.
        _ = try await server.run(
            "CREATE FUNCTION still() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'; "
                + "CREATE TRIGGER still BEFORE UPDATE ON postern_instance FOR EACH ROW EXECUTE FUNCTION still()")
        let second = try place.store(lease: .seconds(2))
        var decision = RecordDecision.inFlight
        for _ in 0..<100 where decision == .inFlight {
            decision = try await second.claim(key("sending"), for: message)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(decision == .unknown)
        #expect(try await second.claim(key("claimed"), for: message) == .begun)
        await first.close()
        await second.close()
        try await place.remove()
    }

    /// The file could not be used for a while, and opened again: what was done before and meanwhile is known.
    @Test func nothingIsTakenForNewThatIsNot() async throws {
        let place = try await Place(.sqlite)
        let store = try place.store()
        for number in 0..<50 {
            #expect(try await store.claim(key("\(number)"), for: message) == .begun)
            if number % 2 == 0 { try await store.startSending(key("\(number)")) }
            await store.end(key("\(number)"), as: .done(response("\(number)")))
            // At once, and before the thread has seen any of it.
            #expect(try await store.claim(key("\(number)"), for: message) == .replay(response("\(number)")))
        }
        #expect(try await store.claim(key("a"), for: message) == .begun)
        #expect(try await store.claim(key("a"), for: message) == .inFlight)
        #expect(try await store.claim(key("a"), for: other) == .otherMessage)
        await store.close()
        let next = try place.store()
        for number in 0..<50 {
            #expect(try await next.claim(key("\(number)"), for: message) == .replay(response("\(number)")))
        }
        await next.close()
        try await place.remove()
    }

    @Test func oneFileIsOneProcess() async throws {
        let place = try await Place(.sqlite)
        let store = try place.store()
        #expect(throws: RecordBackendError.self) { _ = try place.store() }
        do throws(RecordStoreLocation.Fault) {
            _ = try place.location.open(RecordLimits(lifetime: .seconds(1), octets: 1), logger: KeptLog().logger)
            Issue.record("a second store has the file")
        } catch {
            #expect(error.isInUse)
            #expect(error.description.contains("PostgreSQL"))
        }
        await store.close()
        await (try place.store()).close()
        try await place.remove()
    }

    @Test func whatIsNoStoreOfOursStopsTheStart() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let limits = RecordLimits(lifetime: .seconds(1), octets: 1)
        func fault(_ path: String) throws -> String {
            do throws(RecordStoreLocation.Fault) {
                _ = try RecordStoreLocation.sqlite(path).open(limits, logger: KeptLog().logger)
            } catch {
                return error.description
            }
            return ""
        }
        try Data("From: a@example.org\r\n".utf8).write(to: URL(filePath: folder + "/mail"))
        func check(_ path: String) -> String {
            do throws(RecordStoreLocation.Fault) {
                try RecordStoreLocation.sqlite(path).check()
            } catch {
                return error.description
            }
            return ""
        }
        #expect(check(folder + "/mail").contains("not an SQLite database"))
        #expect(check(folder + "/none/records.db").contains("does not exist"))
        #expect(check(folder + "/new.db").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder + "/new.db"))
        #expect(try fault(folder + "/mail").contains("not an SQLite database"))
        #expect(try fault(folder + "/none/records.db").contains("cannot be created"))
        #expect(try fault(folder).contains("cannot be"))
        for (name, statement) in [
            ("foreign", "CREATE TABLE song (name)"),
            ("newer", "PRAGMA application_id = 1349481332; PRAGMA user_version = 3"),
        ] {
            let made = try await Program.run(
                "/usr/bin/python3",
                [
                    "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])",
                    folder + "/" + name, statement,
                ])
            #expect(made.status == 0, "\(made.errors)")
        }
        #expect(check(folder + "/foreign").contains("another program"))
        #expect(check(folder + "/newer").contains("newer"))
        #expect(try fault(folder + "/foreign").contains("another program"))
        #expect(try fault(folder + "/newer").contains("newer"))
        try FileManager.default.removeItem(atPath: folder)
    }

    /// What the network delivers late is of an attempt that is over.
    @Test func aLateStatementChangesNothingOfALaterAttempt() async throws {
        let place = try await Place(.postgresql)
        let server = try #require(place.server)
        let store = try place.store()
        #expect(try await store.claim(key("a"), for: message) == .begun)
        try await store.startSending(key("a"))
        let owner = try await server.run("SELECT encode(owner, 'hex') FROM postern_record")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        await store.end(key("a"), as: .open)
        #expect(try await store.claim(key("a"), for: message) == .begun)
        try await store.startSending(key("a"))
        // The first attempt's end, once more.
        _ = try await server.run(
            "UPDATE postern_record SET state = 0, owner = NULL WHERE owner = '\\x\(owner)' AND state IN (1, 2)")
        await store.end(key("a"), as: .done(response()))
        #expect(try await store.claim(key("a"), for: message) == .replay(response()))
        await store.close()
        try await place.remove()
    }

    /// Somebody else has a row locked: its key is refused, and others go on.
    @Test func aLockedRowIsItsOwnTrouble() async throws {
        let place = try await Place(.postgresql)
        let server = try #require(place.server)
        let store = try place.store(lease: .seconds(30))
        for text in ["locked", "other"] {
            #expect(try await store.claim(key(text), for: message) == .begun)
            await store.end(key(text), as: .open)
        }
        let locker = Task {
            try await server.run(
                "BEGIN; SELECT 1 FROM postern_record WHERE key = '\\x\(hexadecimal(key("locked")))' FOR UPDATE; "
                    + "SELECT pg_sleep(8); COMMIT")
        }
        while try await server.run("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%'") < "2" {
            try await Task.sleep(for: .milliseconds(20))
        }
        let locked = Task { try? await store.claim(self.key("locked"), for: self.message) }
        let other = Task { try? await store.claim(self.key("other"), for: self.message) }
        #expect(await other.value == .begun)
        #expect(await locked.value == nil)
        #expect(store.status.error == nil)
        _ = try await locker.value
        #expect(try await store.claim(key("locked"), for: message) == .begun)
        await store.close()
        try await place.remove()
    }

    private func hexadecimal(_ key: RecordKey) -> String {
        key.octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The oldest results go, and no more of them than have to.
    @Test func aDatabaseOfRecordsIsBounded() async throws {
        let place = try await Place(.postgresql)
        let store = try place.store(RecordLimits(lifetime: .seconds(3600), octets: 100_000))
        let large = response(String(repeating: "x", count: 1000))
        for number in 0..<90 {
            #expect(try await store.claim(key("\(number)"), for: message) == .begun)
            await store.end(key("\(number)"), as: .done(large))
        }
        for _ in 0..<200 where store.status.evicted == 0 { try await Task.sleep(for: .milliseconds(50)) }
        #expect((5..<40).contains(store.status.evicted))
        #expect(try await store.claim(key("89"), for: message) == .replay(large))
        #expect(try await store.claim(key("0"), for: message) == .begun)
        await store.close()
        try await place.remove()
    }

    /// A request that was not begun leaves nothing behind.
    @Test(arguments: Place.Kind.allCases) func whatWasNotBegunIsFree(_ kind: Place.Kind) async throws {
        let place = try await Place(kind)
        let store = try place.store()
        #expect(try await store.claim(key("a"), for: message) == .begun)
        await store.end(key("a"), as: .free)
        #expect(try await store.claim(key("a"), for: other) == .begun)
        await store.close()
        try await place.remove()
    }

    /// Another process had the file meanwhile, and sent the message.
    @Test func aFileThatAnotherProcessHadInBetween() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let limits = RecordLimits(lifetime: .seconds(3600), octets: 1 << 24)
        func job(_ instance: InstanceID, _ kind: RecordJob.Kind) -> RecordJob {
            RecordJob(key: key("a"), message: message, owner: RecordOwner(instance, attempt: 1), kind: kind)
        }
        func isOwner(_ results: [RecordJob.Result]) -> Bool? {
            if case .isOwner(let isOwner)? = results.first { isOwner } else { nil }
        }
        let (first, second) = (InstanceID(), InstanceID())
        var one = SQLiteBackend(path: folder + "/records.db", limits: limits)
        _ = try one.open(as: first)
        _ = try one.run([job(first, .claim)]) { _ in false }
        one.close()
        var two = SQLiteBackend(path: folder + "/records.db", limits: limits)
        _ = try two.open(as: second)
        for kind in [RecordJob.Kind.startSending, .end(.done(response()))] {
            #expect(isOwner(try two.run([job(second, kind)]) { _ in true }) == true)
        }
        two.close()
        _ = try one.open(as: first)
        for kind in [RecordJob.Kind.startSending, .end(.open)] {
            #expect(isOwner(try one.run([job(first, kind)]) { _ in true }) == false)
        }
        one.close()
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func aNewerSchemaOfTheServer() async throws {
        let place = try await Place(.postgresql)
        await (try place.store()).close()
        _ = try await place.server?.run("UPDATE postern_meta SET value = '9' WHERE name = 'version'")
        #expect(throws: RecordBackendError.self) { _ = try place.store() }
        try await place.remove()
    }

    @Test func locations() throws {
        #expect(try RecordStoreLocation("sqlite:/var/lib/p.db") == .sqlite("/var/lib/p.db"))
        #expect(try RecordStoreLocation("sqlite:///var/lib/p.db") == .sqlite("/var/lib/p.db"))
        let uri = "postgresql://ann:hunter2@db.example.net:5433/mail?password=hunter2"
        #expect(try RecordStoreLocation(uri) == .postgresql(uri))
        #expect(try RecordStoreLocation(uri).shown == "postgresql://db.example.net:5433/mail")
        for text in [
            "", "sqlite:", "sqlite:p.db", "sqlite:/", "sqlite:/a/", "sqlite:/a?mode=ro", "mysql://h/d", "/var/lib/p.db",
            "postgresql://ann:hunter2@host:port/db", "postgresql://ann:hun ter2@host/db",
            "postgresql://host/db?pass=hunter2",
            "postgresql://ann:p@hunter2@host/db", "postgresql://ann:1/hunter@host/db",
            "postgresql://host/db?sslmode=hunt", "postgresql://host:99999/hun", "postgresql://host:0/hun",
            "postgresql://host/db?sslmode=",
        ] {
            do throws(RecordStoreLocation.Fault) {
                _ = try RecordStoreLocation(text)
                Issue.record("\(text) is no location")
            } catch {
                #expect(!error.description.contains("hun"))
            }
        }
    }
}
