import Logging
import TestSupport
import Testing

@testable import Records

/// What the thread of a store decides, with a database that does as it is told.
@Suite struct WorkerTests {
    /// Keeps records as PostgreSQL does, and fails on request.
    struct Scripted: RecordBackend {
        enum Step: Equatable {
            case works
            /// Each job fails by itself.
            case refuses
            /// The connection breaks; whether what was asked is done nevertheless.
            case breaks(isDone: Bool)
        }

        static let kind = RecordStoreStatus.Kind.postgresql
        static let claimsAreReads = false
        let evicted = 0
        var records: [RecordKey: Record] = [:]
        /// What happens to the next rounds of jobs; after them all goes well.
        var steps: [Step] = []

        mutating func open(as instance: InstanceID) -> RecordSecret { RecordSecret(octets: []) }
        mutating func filter() -> KeyFilter? { nil }
        mutating func maintain(isHeld: (RecordKey) -> Bool) {}
        mutating func leave() {}
        mutating func close() {}

        mutating func run(
            _ jobs: [RecordJob], isHeld: (RecordKey) -> Bool
        ) throws(RecordBackendError) -> [RecordJob.Result] {
            let step = steps.isEmpty ? .works : steps.removeFirst()
            if step == .refuses { return jobs.map { _ in .failed } }
            var results: [RecordJob.Result] = []
            if step != .breaks(isDone: false) {
                for job in jobs { results.append(result(of: job)) }
            }
            guard step == .works else { throw RecordBackendError("broken") }
            return results
        }

        private mutating func result(of job: RecordJob) -> RecordJob.Result {
            switch job.kind {
            case .claim, .claimNew:
                let (decision, record) = Record.claim(records[job.key], for: job.message, by: job.owner) {
                    $0.instance == job.owner.instance && $0.attempt < job.owner.attempt
                }
                if let record { records[job.key] = record }
                return .decided(decision)
            case .startSending:
                guard let record = records[job.key]?.startSending(by: job.owner) else { return .isOwner(false) }
                records[job.key] = record
            case .end(let end):
                switch records[job.key]?.end(by: job.owner, as: end) {
                case .keep(let record)?: records[job.key] = record
                case .remove?: records[job.key] = nil
                case .isLost?, nil: return .isOwner(false)
                }
            }
            return .isOwner(true)
        }
    }

    let key = RecordKey(caller: nil, text: "a", index: nil)
    let message = MessageFingerprint(octets: [1])
    let response = KeptResponse(status: 200, fields: [], body: [])

    /// A worker whose next look at the database is due at once.
    private func worker(_ steps: [Scripted.Step]) -> Worker<Scripted> {
        var worker = Worker(backend: Scripted(steps: steps), logger: KeptLog().logger, pace: .zero)
        #expect(worker.open() == nil)
        return worker
    }

    private func outcome(
        _ request: RecordRequest, of worker: inout Worker<Scripted>
    ) -> Worker<Scripted>.Outcome {
        var found: [Worker<Scripted>.Outcome] = []
        worker.perform([request]) { found.append($1) }
        #expect(found.count == 1)
        return found.first ?? .failure(.lost)
    }

    private func decision(_ worker: inout Worker<Scripted>) -> RecordDecision? {
        if case .success(.decided(let decision)) = outcome(.claim(key, message), of: &worker) { decision } else { nil }
    }

    private func isOwner(_ request: RecordRequest, _ worker: inout Worker<Scripted>) -> Bool? {
        if case .success(.isOwner(let isOwner)) = outcome(request, of: &worker) { isOwner } else { nil }
    }

    /// A claim may have been done though its answer was lost: the key is freed when the database is back.
    @Test(arguments: [true, false]) func aClaimThatBroke(_ isDone: Bool) {
        var worker = worker([.breaks(isDone: isDone)])
        #expect(decision(&worker) == nil)
        #expect(decision(&worker) == nil)
        worker.tick()
        #expect(decision(&worker) == .begun)
        #expect(isOwner(.startSending(key), &worker) == true)
    }

    /// What is left of an attempt that failed takes nothing from the one after it.
    @Test func theEndOfAnEarlierAttempt() {
        var worker = worker([.refuses, .works, .breaks(isDone: true)])
        #expect(decision(&worker) == nil)
        #expect(decision(&worker) == .begun)
        // Another key's claim breaks the connection.
        _ = outcome(.claim(RecordKey(caller: nil, text: "b", index: nil), message), of: &worker)
        worker.tick()
        #expect(decision(&worker) == .inFlight)
        #expect(isOwner(.startSending(key), &worker) == true)
        #expect(isOwner(.end(key, .done(response)), &worker) == true)
        #expect(decision(&worker) == .replay(response))
    }

    /// An end that failed by itself is written with the next look, while the connection is good.
    @Test func anEndThatFailedByItself() {
        var worker = worker([.works, .works, .refuses])
        #expect(decision(&worker) == .begun)
        #expect(isOwner(.startSending(key), &worker) == true)
        #expect(isOwner(.end(key, .done(response)), &worker) == true)
        #expect(decision(&worker) == .inFlight)
        worker.tick()
        #expect(decision(&worker) == .replay(response))
    }

    /// The gate's answer was lost: it is shut, and the key is open again when the database is back.
    @Test(arguments: [true, false]) func aGateThatBroke(_ isDone: Bool) {
        var worker = worker([.works, .breaks(isDone: isDone)])
        #expect(decision(&worker) == .begun)
        #expect(isOwner(.startSending(key), &worker) == nil)
        #expect(isOwner(.end(key, .open), &worker) == true)
        worker.tick()
        #expect(decision(&worker) == .begun)
        #expect(isOwner(.startSending(key), &worker) == true)
    }

    /// Requests about one key are done in their order, whoever asks.
    @Test func oneKeyInItsOrder() {
        var worker = worker([])
        var found: [Int: String] = [:]
        worker.perform([
            .claim(key, message), .startSending(key), .end(key, .done(response)), .claim(key, message),
        ]) { found[$0] = "\($1)" }
        #expect(found.count == 4)
        #expect(found[0]?.contains("begun") == true)
        #expect(found[3]?.contains("replay") == true)
    }
}
