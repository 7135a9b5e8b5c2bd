internal import Logging

/// What the thread of a durable store knows and decides: which messages are under way here, what the database has not
/// been told yet, and whether it answers.
struct Worker<Backend: RecordBackend>: Sendable {
    /// A message that is this process's own and under way.
    private struct Held {
        let message: MessageFingerprint
        let owner: RecordOwner
    }

    private var backend: Backend
    private let instance = InstanceID()
    private let logger: Logger
    /// How often the database is looked after, and how soon after an error it is tried again.
    let pace: Duration
    private(set) var secret: RecordSecret?
    /// What tells new keys, until it is taken.
    private var filter: KeyFilter?
    /// How often the database was opened. What was known of a file is not known any more when it was closed in between.
    private(set) var openings = 0
    /// Why the database does not answer; nil if it does.
    private(set) var error: RecordBackendError?
    private(set) var evictions: Evictions
    private var held: [RecordKey: Held] = [:]
    private var attempts: UInt64 = 0
    /// Ends that the database has not been told of, in their order. As long as it does not answer no message is begun, so
    /// they are no more than there were messages under way.
    private var pending: [RecordJob] = []
    private var nextTick: ContinuousClock.Instant
    private var failureIsTold = false
    private var nextFailureLine = ContinuousClock.now

    /// How often the log is told of failures at most: a database may come and go.
    private static var failureInterval: Duration { .seconds(60) }
    /// How many ends are written at once that waited for the database.
    private static var slice: Int { 256 }

    typealias Outcome = Swift.Result<RecordJob.Result, RecordStoreError>

    init(backend: Backend, logger: Logger, pace: Duration) {
        self.backend = backend
        self.logger = logger
        self.pace = pace
        evictions = Evictions(logger: logger)
        nextTick = .now + pace
    }

    /// Opens the database.
    ///
    /// - Returns: why that failed.
    mutating func open() -> RecordBackendError? {
        do throws(RecordBackendError) {
            secret = try backend.open(as: instance)
            openings += 1
            try makeFilter()
            recovered()
            return nil
        } catch {
            failed(error)
            return error
        }
    }

    private mutating func makeFilter() throws(RecordBackendError) {
        filter = try backend.filter()
        // What is going to be written for these is not there yet.
        for job in pending { filter?.insert(job.key) }
    }

    /// Makes a filter anew, if the one that is used has been given so many keys that it tells few from others.
    mutating func renewFilter() {
        guard error == nil else { return }
        do throws(RecordBackendError) { try makeFilter() } catch { failed(error) }
    }

    /// Takes the filter that was made last, with the keys of messages that are under way.
    mutating func takeFilter() -> KeyFilter? {
        guard var made = filter.take() else { return nil }
        for key in held.keys { made.insert(key) }
        return made
    }

    /// Looks after the database, if it is time.
    mutating func tick() {
        guard ContinuousClock.now >= nextTick else { return }
        if error != nil {
            guard open() == nil else { return }
        }
        if !pending.isEmpty {
            writePending()
            guard error == nil else { return }
        }
        do throws(RecordBackendError) {
            let held = held
            try backend.maintain { held[$0] != nil }
        } catch {
            failed(error)
        }
        nextTick = .now + pace
        evictions.add(backend.evicted - evictions.count, .now)
    }

    /// Does what is asked, in order as far as it is about one key.
    ///
    /// - Parameter resume: called once for each request with its place and what it came to.
    mutating func perform(_ requests: [RecordRequest], _ resume: (Int, Outcome) -> Void) {
        var rest = Array(requests.enumerated())
        while !rest.isEmpty {
            var places: [Int] = []
            var jobs: [RecordJob] = []
            var keys = Set<RecordKey>()
            var later: [(offset: Int, element: RecordRequest)] = []
            for (offset, request) in rest {
                guard keys.insert(request.key).inserted else {
                    later.append((offset, request))
                    continue
                }
                switch prepare(request) {
                case .success(let job):
                    places.append(offset)
                    jobs.append(job)
                case .failure(let outcome):
                    keys.remove(request.key)
                    resume(offset, outcome.outcome)
                }
            }
            for part in Self.parts(of: jobs) {
                for (index, outcome) in zip(part, run(part.map { jobs[$0] })) {
                    let offset = places[index]
                    if let outcome { resume(offset, outcome) } else { later.insert((offset, requests[offset]), at: 0) }
                }
            }
            rest = later
        }
        evictions.add(backend.evicted - evictions.count, .now)
    }

    /// Takes turns at relays.
    ///
    /// - Returns: for each request the turn, nil inside if none are shared, or why it cannot be had.
    mutating func takeTurns(_ requests: [TurnRequest]) -> [Swift.Result<Turn?, RecordStoreError>] {
        guard !requests.isEmpty else { return [] }
        guard error == nil else { return requests.map { _ in .failure(.unavailable) } }
        do throws(RecordBackendError) {
            return try backend.takeTurns(requests).map { .success($0) }
        } catch {
            failed(error)
            return requests.map { _ in .failure(.unavailable) }
        }
    }

    /// The places of jobs that are done together, those first for which somebody waits longest.
    private static func parts(of jobs: [RecordJob]) -> [[Int]] {
        guard Backend.claimsAreReads else { return [Array(jobs.indices)] }
        // A claim waits for no commit. What else there is shares one.
        return [jobs.indices.filter { jobs[$0].isClaim }, jobs.indices.filter { !jobs[$0].isClaim }]
    }

    /// Ends the work with the database, after everything that it has to know was written.
    mutating func close() {
        if error != nil { _ = open() }
        if error == nil { writePending() }
        if !pending.isEmpty {
            logger.error(
                "the results of some messages could not be stored; repeated requests get 504 with the outcome unknown",
                metadata: ["messages": "\(pending.count)"])
        }
        if error == nil { backend.leave() }
        backend.close()
    }

    // MARK: Jobs

    /// What a request comes to without the database.
    private struct Settled: Error {
        let outcome: Outcome
    }

    private mutating func prepare(_ request: RecordRequest) -> Swift.Result<RecordJob, Settled> {
        let own = held[request.key]
        func settled(_ outcome: Outcome) -> Swift.Result<RecordJob, Settled> { .failure(Settled(outcome: outcome)) }
        func job(_ held: Held, _ kind: RecordJob.Kind) -> RecordJob {
            RecordJob(key: request.key, message: held.message, owner: held.owner, kind: kind)
        }
        switch request {
        case .claim(_, let message):
            if let own { return settled(.success(.decided(own.message == message ? .inFlight : .otherMessage))) }
            guard error == nil else { return settled(.failure(.unavailable)) }
            attempts += 1
            return .success(job(Held(message: message, owner: RecordOwner(instance, attempt: attempts)), .claim))
        case .adopt(_, let message, let opening):
            attempts += 1
            let own = Held(message: message, owner: RecordOwner(instance, attempt: attempts))
            held[request.key] = own
            guard error == nil, opening == openings else { return settled(.success(.decided(.begun))) }
            return .success(job(own, .claimNew))
        case .startSending:
            guard error == nil else { return settled(.failure(.unavailable)) }
            guard let own else { return settled(.success(.isOwner(false))) }
            return .success(job(own, .startSending))
        case .end(_, let end):
            guard let own else { return settled(.success(.isOwner(false))) }
            guard error != nil else { return .success(job(own, .end(end))) }
            pending.append(job(own, .end(end)))
            return settled(.success(.isOwner(true)))
        }
    }

    /// - Returns: for each job what it came to; nil if it has to be done again.
    private mutating func run(_ jobs: [RecordJob]) -> [Outcome?] {
        guard !jobs.isEmpty else { return [] }
        // One before these has failed.
        guard error == nil else { return jobs.map { leaveOpen($0) } }
        // Lent, and not copied: it is changed again at once.
        var lent: [RecordKey: Held] = [:]
        swap(&lent, &held)
        let ran: Swift.Result<[RecordJob.Result], RecordBackendError>
        do throws(RecordBackendError) {
            ran = .success(try backend.run(jobs) { lent[$0] != nil })
        } catch {
            ran = .failure(error)
        }
        swap(&lent, &held)
        switch ran {
        case .success(let results): return zip(jobs, results).map { job, result in learn(job, result) }
        case .failure(let error):
            failed(error)
            return jobs.map { leaveOpen($0) }
        }
    }

    private mutating func learn(_ job: RecordJob, _ result: RecordJob.Result) -> Outcome? {
        switch (job.kind, result) {
        case (_, .again): return nil
        // A claim that failed by itself is not there.
        case (_, .failed): return job.isClaim ? .failure(.unavailable) : leaveOpen(job)
        case (.claim, .decided(.begun)): held[job.key] = Held(message: job.message, owner: job.owner)
        case (.end(let end), .isOwner(let isOwner)):
            // An end of an earlier attempt says nothing about a later one.
            if held[job.key]?.owner == job.owner { held[job.key] = nil }
            if case .done = end, !isOwner {
                logger.warning(
                    "the result of a message may not be stored: its Idempotency-Key was taken over, or its record removed"
                )
            }
        default: break
        }
        return .success(result)
    }

    /// What is known if a job may have been done, or not.
    private mutating func leaveOpen(_ job: RecordJob) -> Outcome {
        switch job.kind {
        case .startSending: return .failure(.unavailable)
        case .claim, .claimNew:
            // If the claim is there, nobody will use it.
            if held[job.key] == nil {
                pending.append(RecordJob(key: job.key, message: job.message, owner: job.owner, kind: .end(.free)))
            }
            return .failure(.unavailable)
        case .end:
            pending.append(job)
            return .success(.isOwner(true))
        }
    }

    // MARK: The database's failures

    private mutating func failed(_ error: RecordBackendError) {
        // One that stops the start is told by whoever starts.
        if !failureIsTold, nextFailureLine <= .now, !(error.isLasting && secret == nil) {
            logger.error(
                "the Idempotency-Key store is unavailable; requests with an Idempotency-Key get 503, others are not affected",
                metadata: ["exception.message": "\(error)"])
            failureIsTold = true
            nextFailureLine = .now + Self.failureInterval
        }
        self.error = error
        backend.close()
        nextTick = .now + pace
    }

    private mutating func recovered() {
        if failureIsTold { logger.notice("the Idempotency-Key store is available again") }
        failureIsTold = false
        error = nil
    }

    private mutating func writePending() {
        let jobs = pending
        pending = []
        for start in stride(from: 0, to: jobs.count, by: Self.slice) {
            let slice = jobs[start..<min(start + Self.slice, jobs.count)]
            if error == nil {
                _ = run(Array(slice))
            } else {
                pending += slice
            }
        }
    }
}
