internal import Logging

/// What the thread of a durable store knows and decides: which messages are under way here, what the database has not
/// been told yet, and whether it answers.
struct Worker<Backend: RecordBackend> {
    private var backend: Backend
    private let limits: RecordLimits
    private let logger: Logger
    /// How often the database is looked after, and how soon after an error it is tried again.
    let pace: Duration
    private(set) var secret: RecordSecret?
    /// Why the database does not answer; nil if it does.
    private(set) var error: RecordBackendError?
    private(set) var evictions: Evictions
    /// The messages that are this process's own and under way.
    private var held: [RecordKey: MessageFingerprint] = [:]
    /// Ends that the database has not been told of, in their order.
    private var pending: [RecordJob] = []
    private var pendingOctets = 0
    private var nextTick: ContinuousClock.Instant
    private var failureIsTold = false
    private var nextFailureLine = ContinuousClock.now

    /// How often the log is told of failures at most: a database may come and go.
    private static var failureInterval: Duration { .seconds(60) }
    /// How many ends are written at once that waited for the database.
    private static var slice: Int { 256 }

    typealias Outcome = Swift.Result<RecordJob.Result, RecordStoreError>

    init(backend: Backend, limits: RecordLimits, logger: Logger, pace: Duration) {
        self.backend = backend
        self.limits = limits
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
            secret = try backend.open()
            recovered()
            return nil
        } catch {
            failed(error)
            return error
        }
    }

    /// Looks after the database, if it is time.
    mutating func tick() {
        guard ContinuousClock.now >= nextTick else { return }
        if error != nil {
            guard open() == nil else { return }
            writePending()
        }
        do throws(RecordBackendError) {
            try backend.maintain(held: held)
        } catch {
            failed(error)
        }
        nextTick = .now + pace
        evictions.add(backend.evicted - evictions.count, .now)
    }

    /// Does jobs, in their order as far as they are about one key.
    ///
    /// - Parameter resume: called once for each job with its place and what it came to.
    mutating func perform(_ jobs: [RecordJob], _ resume: (Int, Outcome) -> Void) {
        var rest = Array(jobs.enumerated())
        while !rest.isEmpty {
            var round: [(offset: Int, element: RecordJob)] = []
            var keys = Set<RecordKey>()
            var later: [(offset: Int, element: RecordJob)] = []
            for job in rest {
                if let outcome = outcomeHere(job.element, isFirst: !keys.contains(job.element.key)) {
                    resume(job.offset, outcome)
                } else if keys.insert(job.element.key).inserted {
                    round.append(job)
                } else {
                    later.append(job)
                }
            }
            let outcomes = run(round.map(\.element))
            for (job, outcome) in zip(round, outcomes) {
                if let outcome { resume(job.offset, outcome) } else { later.insert(job, at: 0) }
            }
            rest = later
        }
        evictions.add(backend.evicted - evictions.count, .now)
    }

    mutating func close() {
        if error != nil { _ = open() }
        if error == nil { writePending() }
        if !pending.isEmpty {
            logger.error(
                "what became of messages under Idempotency-Keys could not be kept; their keys will be answered 504",
                metadata: ["messages": "\(pending.count)"])
        }
        backend.close()
    }

    // MARK: Jobs

    /// What a job comes to without the database; nil if that has to be asked.
    ///
    /// - Parameter isFirst: whether no other job about its key waits before it.
    private mutating func outcomeHere(_ job: RecordJob, isFirst: Bool) -> Outcome? {
        guard isFirst else { return nil }
        switch job {
        case .claim(let key, let message):
            if let own = held[key] { return .success(.decided(own == message ? .inFlight : .otherMessage)) }
            return error == nil ? nil : .failure(.unavailable)
        case .startSending: return error == nil ? nil : .failure(.unavailable)
        case .end:
            guard error != nil else { return nil }
            keepPending(job)
            return .success(.isOwner(true))
        }
    }

    /// - Returns: for each job what it came to; nil if it has to be done again.
    private mutating func run(_ jobs: [RecordJob]) -> [Outcome?] {
        guard !jobs.isEmpty else { return [] }
        do throws(RecordBackendError) {
            let results = try backend.run(jobs, held: held)
            return zip(jobs, results).map { job, result in
                if case .again = result { return nil }
                learn(job, result)
                return .success(result)
            }
        } catch {
            failed(error)
            return jobs.map { job in
                guard case .end = job else { return .failure(.unavailable) }
                keepPending(job)
                return .success(.isOwner(true))
            }
        }
    }

    private mutating func learn(_ job: RecordJob, _ result: RecordJob.Result) {
        switch (job, result) {
        case (.claim(let key, let message), .decided(.begun)): held[key] = message
        case (.end(let key, _), _): held[key] = nil
        default: break
        }
    }

    // MARK: The database's failures

    private mutating func failed(_ error: RecordBackendError) {
        // One that stops the start is told by whoever starts.
        if !failureIsTold, nextFailureLine <= .now, !(error.isLasting && secret == nil) {
            logger.error(
                "the store of Idempotency-Keys does not answer; requests with a key get 503, others go on",
                metadata: ["error": "\(error)"])
            failureIsTold = true
            nextFailureLine = .now + Self.failureInterval
        }
        self.error = error
        backend.close()
        nextTick = .now + pace
    }

    private mutating func recovered() {
        if failureIsTold { logger.notice("the store of Idempotency-Keys answers again") }
        failureIsTold = false
        error = nil
    }

    /// Keeps an end until the database can be told. Its key stays held, so that nobody is told less than is known.
    private mutating func keepPending(_ job: RecordJob) {
        pending.append(job)
        pendingOctets += job.size
        // What is dropped is unknown to whoever asks again, and not sent again.
        while pendingOctets > limits.octets, let first = pending.first {
            pending.removeFirst()
            pendingOctets -= first.size
            held[first.key] = nil
        }
    }

    private mutating func writePending() {
        let jobs = pending
        pending = []
        pendingOctets = 0
        // Each is about another key: that of one that waits cannot be claimed again.
        for start in stride(from: 0, to: jobs.count, by: Self.slice) {
            let slice = jobs[start..<min(start + Self.slice, jobs.count)]
            if error == nil {
                _ = run(Array(slice))
            } else {
                for job in slice { keepPending(job) }
            }
        }
    }
}

extension RecordJob {
    /// How many octets it takes while it waits, about.
    fileprivate var size: Int {
        guard case .end(_, let response?) = self else { return RecordLimits.overhead }
        return RecordLimits.overhead + response.size
    }
}
