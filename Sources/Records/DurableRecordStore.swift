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

    private struct Mailbox {
        var entries: [Entry] = []
        var isClosed = false
        var status: RecordStoreStatus
        var secret: RecordSecret?
    }

    private let mailbox: Mutex<Mailbox>
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
        mailbox = Mutex(Mailbox(status: RecordStoreStatus(kind)))
        var worker = Worker(backend: backend, logger: logger, pace: pace)
        if let error = worker.open(), error.isLasting { throw error }
        publish(worker)
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
        _ key: RecordKey, for message: MessageFingerprint
    ) async throws(RecordStoreError) -> RecordDecision {
        guard case .decided(let decision) = try await perform(.claim(key, message)) else { throw .unavailable }
        return decision
    }

    func startSending(_ key: RecordKey) async throws(RecordStoreError) {
        guard case .isOwner(true) = try await perform(.startSending(key)) else { throw .lost }
    }

    func end(_ key: RecordKey, as end: RecordEnd) async {
        // Whatever becomes of it: the store sees to it.
        _ = try? await perform(.end(key, end))
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

    private func perform(_ request: RecordRequest) async throws(RecordStoreError) -> RecordJob.Result {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<RecordJob.Result, RecordStoreError>, Never>) in
            enter(request) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// What became of a request at the mailbox.
    private enum Way {
        case refused
        /// Whether it is the first one, and the thread has to be woken; and whether somebody waits for what comes of it.
        case entered(isFirst: Bool, isAwaited: Bool)
    }

    private func enter(
        _ request: RecordRequest,
        _ resume: @escaping @Sendable (Swift.Result<RecordJob.Result, RecordStoreError>) -> Void
    ) {
        let nobody: @Sendable (Swift.Result<RecordJob.Result, RecordStoreError>) -> Void = { _ in }
        let way = mailbox.withLock { mailbox -> Way in
            // While the database does not answer, nobody waits for the next attempt to reach it.
            let isAway = mailbox.status.error != nil
            guard !mailbox.isClosed, request.isEnd || !isAway else { return .refused }
            mailbox.entries.append(Entry(request: request, resume: isAway ? nobody : resume))
            return .entered(isFirst: mailbox.entries.count == 1, isAwaited: !isAway)
        }
        switch way {
        case .refused: resume(.failure(.unavailable))
        case .entered(let isFirst, let isAwaited):
            if isFirst { wake.signal() }
            if !isAwaited { resume(.success(.isOwner(true))) }
        }
    }

    // MARK: The thread

    private func run(_ worker: inout Worker<some RecordBackend>) {
        while true {
            _ = wake.wait(timeout: .now() + worker.pace.timeInterval)
            let (entries, isClosed) = mailbox.withLock { mailbox in
                defer { mailbox.entries = [] }
                return (mailbox.entries, mailbox.isClosed)
            }
            worker.tick()
            worker.perform(entries.map(\.request)) { index, result in entries[index].resume(result) }
            publish(worker)
            guard isClosed else { continue }
            worker.close()
            return
        }
    }

    private func publish(_ worker: Worker<some RecordBackend>) {
        mailbox.withLock { mailbox in
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
