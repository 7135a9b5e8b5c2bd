internal import Dispatch
internal import Foundation
internal import Logging
internal import Synchronization

/// Keeps records in a database, with a thread of its own that does what has queued while the last jobs were committed:
/// messages that wait share a commit.
///
/// If the database does not answer, claims and gates are refused at once, and what ended meanwhile is kept in memory and
/// written when it answers again.
final class DurableRecordStore: RecordStore {
    /// A request, and who waits for it.
    private struct Entry: Sendable {
        let request: RecordRequest
        let resume: @Sendable (Swift.Result<RecordJob.Result, RecordStoreError>) -> Void
    }

    /// A request for a turn, and who waits for it.
    private struct TurnEntry: Sendable {
        let request: TurnRequest
        let resume: @Sendable (Swift.Result<Turn?, RecordStoreError>) -> Void
    }

    private struct Mailbox {
        var entries: [Entry] = []
        var turns: [TurnEntry] = []
        /// Whether somebody waits for what is there.
        var isAwaited = false
        /// Whether the thread was told that something is there.
        var isTold = false
        var isClosed = false
        var status: RecordStoreStatus
        var secret: RecordSecret?
        /// What tells new keys; nil if the database has to be asked.
        var filter: KeyFilter?
        /// Since which opening of the database it does.
        var opening = 0
        /// How many keys it was given since it was made.
        var newKeys = 0
    }

    private let mailbox: Mutex<Mailbox>
    /// Whether other instances have the same database.
    private let isShared: Bool
    /// How long a result waits to be written together with others.
    private static let gathering = 0.005
    private let wake = DispatchSemaphore(value: 0)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - backend: the database, which the store's thread has for itself from now on.
    ///   - pace: how often the database is looked after, and how soon after an error it is tried again.
    /// - Throws: ``RecordBackendError`` if the database cannot be used and that will not change by itself.
    init(
        _ backend: some RecordBackend, logger: Logger, pace: Duration = .seconds(1)
    ) throws(RecordBackendError) {
        let kind = type(of: backend).kind
        isShared = !type(of: backend).claimsAreReads
        mailbox = Mutex(Mailbox(status: RecordStoreStatus(kind)))
        var worker = Worker(backend: backend, logger: logger, pace: pace)
        if let error = worker.open(), error.isLasting { throw error }
        publish(&worker, after: [])
        let thread = Thread { [self, worker] in
            var worker = worker
            run(&worker)
            hasEnded.signal()
        }
        thread.name = "records"
        thread.start()
    }

    var secret: RecordSecret? { mailbox.withLock { $0.secret } }
    var status: RecordStoreStatus { mailbox.withLock { $0.status } }

    func claim(
        _ key: RecordKey, for message: MessageFingerprint,
        completion: @escaping @Sendable (Result<RecordDecision, RecordStoreError>) -> Void
    ) -> Result<RecordDecision, RecordStoreError>? {
        let way = enter(.claim(key, message)) { result in
            completion(
                result.flatMap {
                    if case .decided(let decision) = $0 { .success(decision) } else { .failure(.unavailable) }
                })
        }
        switch way {
        case .refused: return .failure(.unavailable)
        case .isNew: return .success(.begun)
        case .entered: return nil
        }
    }

    func startSending(
        _ key: RecordKey, completion: @escaping @Sendable (Result<Void, RecordStoreError>) -> Void
    ) -> Result<Void, RecordStoreError>? {
        let way = enter(.startSending(key)) { result in
            completion(result.flatMap { if case .isOwner(true) = $0 { .success(()) } else { .failure(.lost) } })
        }
        if case .refused = way { return .failure(.unavailable) }
        return nil
    }

    func end(_ key: RecordKey, as end: RecordEnd, completion: @escaping @Sendable () -> Void) -> Bool {
        guard isShared, status.error == nil else {
            _ = enter(.end(key, end)) { _ in }
            return true
        }
        if case .refused = enter(.end(key, end), { _ in completion() }) { return true }
        return false
    }

    var sharesTurns: Bool { isShared }

    func takeTurn(_ request: TurnRequest) async throws(RecordStoreError) -> Turn? {
        guard isShared else { return nil }
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<Turn?, RecordStoreError>, Never>) in
            enter(TurnEntry(request: request) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    private func enter(_ entry: TurnEntry) {
        let wakes = mailbox.withLock { mailbox -> Bool? in
            guard !mailbox.isClosed, mailbox.status.error == nil else { return nil }
            mailbox.turns.append(entry)
            defer {
                mailbox.isAwaited = true
                mailbox.isTold = true
            }
            return !mailbox.isAwaited
        }
        switch wakes {
        case nil: entry.resume(.failure(.unavailable))
        case true?: wake.signal()
        case false?: break
        }
    }

    func close() async {
        let wasClosed = mailbox.withLock { mailbox in
            defer { mailbox.isClosed = true }
            return mailbox.isClosed
        }
        guard !wasClosed else { return }
        wake.signal()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [hasEnded] in
                hasEnded.wait()
                continuation.resume()
            }
        }
    }

    /// What became of a request at the mailbox.
    private enum Way {
        case refused
        /// A claim of a key that has no record for sure. The thread learns of it before anything else about the key.
        case isNew
        case entered(wakes: Bool)
    }

    /// - Parameter resume: called by the thread, if the request has entered.
    private func enter(
        _ request: RecordRequest,
        _ resume: @escaping @Sendable (Swift.Result<RecordJob.Result, RecordStoreError>) -> Void
    ) -> Way {
        let way = mailbox.withLock { mailbox -> Way in
            // While the database does not answer, nobody waits for the next attempt to reach it.
            guard !mailbox.isClosed, request.isEnd || mailbox.status.error == nil else { return .refused }
            if case .claim(let key, let message) = request, mailbox.filter?.contains(key) == false {
                // From now on it may have one, so that whoever claims it next waits for the thread.
                mailbox.filter?.insert(key)
                mailbox.newKeys += 1
                mailbox.entries.append(Entry(request: .adopt(key, message, opening: mailbox.opening)) { _ in })
                return .isNew
            }
            let isAwaited = isShared || !request.isEnd
            mailbox.entries.append(Entry(request: request, resume: resume))
            defer {
                mailbox.isAwaited = mailbox.isAwaited || isAwaited
                mailbox.isTold = true
            }
            return .entered(wakes: isAwaited ? !mailbox.isAwaited : !mailbox.isTold)
        }
        // Once it is awake, the thread looks at all that is there.
        if case .entered(wakes: true) = way { wake.signal() }
        return way
    }

    // MARK: The thread

    private func run(_ worker: inout Worker<some RecordBackend>) {
        while true {
            _ = wake.wait(timeout: .now() + worker.pace.timeInterval)
            // What nobody waits for shares the commit of what somebody does, if that comes soon.
            if mailbox.withLock({ $0.isTold && !$0.isAwaited && !$0.isClosed }) {
                _ = wake.wait(timeout: .now() + Self.gathering)
            }
            // All that was signalled so far is taken now.
            while wake.wait(timeout: .now()) == .success {}
            let (entries, turns, isClosed, isWorn) = mailbox.withLock { mailbox in
                defer {
                    mailbox.entries = []
                    mailbox.turns = []
                    mailbox.isAwaited = false
                    mailbox.isTold = false
                }
                return (mailbox.entries, mailbox.turns, mailbox.isClosed, mailbox.newKeys > KeyFilter.capacity)
            }
            worker.tick()
            if isWorn { worker.renewFilter() }
            worker.perform(entries.map(\.request)) { index, result in entries[index].resume(result) }
            for (turn, result) in zip(turns, worker.takeTurns(turns.map(\.request))) { turn.resume(result) }
            publish(&worker, after: entries)
            guard isClosed else { continue }
            worker.close()
            return
        }
    }

    /// - Parameter performed: what was done since the last time.
    private func publish(_ worker: inout Worker<some RecordBackend>, after performed: [Entry]) {
        let filter = worker.takeFilter()
        mailbox.withLock { mailbox in
            if worker.error != nil || mailbox.opening != worker.openings { mailbox.filter = nil }
            if worker.error == nil, var filter {
                // What was done or claimed since it was made, too.
                for entry in performed { filter.insert(entry.request.key) }
                for entry in mailbox.entries { filter.insert(entry.request.key) }
                mailbox.filter = filter
                mailbox.opening = worker.openings
                mailbox.newKeys = 0
            }
            mailbox.status.error = worker.error?.description
            mailbox.status.evicted = worker.evictions.count
            mailbox.secret = worker.secret
        }
    }
}

extension Duration {
    /// The time for the system's clocks.
    var timeInterval: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
