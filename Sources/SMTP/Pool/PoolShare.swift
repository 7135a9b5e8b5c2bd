internal import NIOCore

/// The part of a pool that lives on one event loop, and is used there only.
final class PoolShare: SessionOwner {
    /// A message that is open on a session of the pool.
    struct Opened: Sendable {
        let session: SMTPSession
        let opened: SMTPSession.Opened
    }

    private struct Waiter {
        let envelope: Envelope
        let deadline: NIODeadline
        /// Whether the message has already met a session that the server had given up.
        var isSecondTry = false
        let completion: (Result<Opened, SMTPError>) -> Void
    }

    private let configuration: SMTPConfiguration
    private let limits: SMTPPoolLimits
    private let eventLoop: any EventLoop
    /// All sessions that are set up.
    private var sessions: [ObjectIdentifier: SMTPSession] = [:]
    /// Those that wait for a message; the one used last is used next, so that the others can be ended.
    private var idle: [SMTPSession] = []
    private var connecting = 0
    private var waiters = CircularBuffer<Waiter>()
    private var nextConnectionAttempt = NIODeadline.distantPast
    private var shutdownCompletions: [() -> Void] = []
    private var isShutDown = false
    private lazy var queueDeadline = Deadline(eventLoop) { [unowned self] in expireWaiters() }
    private lazy var idleDeadline = Deadline(eventLoop) { [unowned self] in endIdleSessions() }
    private lazy var graceDeadline = Deadline(eventLoop) { [unowned self] in abort() }
    private lazy var reconnectDeadline = Deadline(eventLoop) { [unowned self] in serve() }

    init(_ configuration: SMTPConfiguration, limits: SMTPPoolLimits, eventLoop: any EventLoop) {
        self.configuration = configuration
        self.limits = limits
        self.eventLoop = eventLoop
    }

    var figures: SMTPSessionPool.Figures {
        SMTPSessionPool.Figures(
            sessions: sessions.count, idle: idle.count, connecting: connecting, waiting: waiters.count)
    }

    // MARK: Messages

    func open(_ envelope: Envelope, completion: @escaping (Result<Opened, SMTPError>) -> Void) {
        guard !isShutDown else {
            completion(.failure(SMTPError(.shutDown, stage: .connect, detail: "the pool is shut down")))
            return
        }
        if waiters.isEmpty, let session = takeIdle() {
            begin(Waiter(envelope: envelope, deadline: .distantFuture, completion: completion), on: session)
            return
        }
        guard waiters.count < limits.queueLength else {
            completion(
                .failure(
                    SMTPError(
                        .queueFull, stage: .connect,
                        detail: "\(waiters.count) messages wait for a session already; try again later")))
            return
        }
        let deadline = NIODeadline.now() + TimeAmount(limits.queueTimeout)
        waiters.append(Waiter(envelope: envelope, deadline: deadline, completion: completion))
        if waiters.count == 1 { queueDeadline.set(after: limits.queueTimeout) }
        serve()
    }

    /// Gives sessions to those who wait, and opens more where they are wanted and allowed.
    private func serve() {
        while !waiters.isEmpty, let session = takeIdle() { begin(waiters.removeFirst(), on: session) }
        guard connecting < waiters.count, sessions.count + connecting < limits.sessions else { return }
        let now = NIODeadline.now()
        if now < nextConnectionAttempt, sessions.count + connecting > 0 {
            let wait = nextConnectionAttempt - now
            reconnectDeadline.set(after: .nanoseconds(wait.nanoseconds))
            return
        }
        while connecting < waiters.count, sessions.count + connecting < limits.sessions { connect() }
    }

    private func takeIdle() -> SMTPSession? {
        while let session = idle.popLast() {
            if session.connection.isReady { return session }
        }
        return nil
    }

    private func begin(_ waiter: Waiter, on session: SMTPSession) {
        let connection = session.connection
        let wasUsed = connection.transactions > 0
        connection.open(waiter.envelope) { result in
            switch result {
            case .success(let rejected):
                let opened = SMTPSession.Opened(transaction: connection.transactions, rejected: rejected)
                waiter.completion(.success(Opened(session: session, opened: opened)))
            case .failure(let error):
                if wasUsed, !waiter.isSecondTry, Self.meansStale(error), !self.isShutDown {
                    self.tryAgain(waiter)
                } else {
                    waiter.completion(.failure(error))
                }
            }
        }
    }

    /// Whether a session turned out to be one that the server had given up. Only the envelope had gone out.
    private static func meansStale(_ error: SMTPError) -> Bool {
        switch error.stage {
        case .mail, .rcpt, .data: error.reason == .connectionLost || error.code == 421
        default: false
        }
    }

    /// Sends a message again on another session. The others that are idle are as suspect as the one that failed.
    private func tryAgain(_ waiter: Waiter) {
        let suspects = idle
        idle = []
        for session in suspects { session.connection.close("the session was replaced", reason: .shutDown) }
        var waiter = waiter
        waiter.isSecondTry = true
        waiters.prepend(
            Waiter(
                envelope: waiter.envelope, deadline: .now() + TimeAmount(limits.queueTimeout), isSecondTry: true,
                completion: waiter.completion))
        queueDeadline.set(after: limits.queueTimeout)
        // The failed session leaves `sessions` right after this call.
        eventLoop.assumeIsolated().execute { self.serve() }
    }

    private func expireWaiters() {
        let now = NIODeadline.now()
        while let first = waiters.first, first.deadline <= now {
            waiters.removeFirst()
            first.completion(
                .failure(
                    SMTPError(
                        .queueTimedOut, stage: .connect,
                        detail: "no session with the server became free in \(limits.queueTimeout); try again later")))
        }
        if let first = waiters.first {
            queueDeadline.set(after: .nanoseconds((first.deadline - now).nanoseconds))
        }
    }

    // MARK: Sessions

    private func connect() {
        connecting += 1
        SMTPSession.establish(configuration, on: eventLoop) { [self] result in
            connecting = max(0, connecting - 1)
            switch result {
            case .success(let session):
                sessions[ObjectIdentifier(session.connection)] = session
                session.connection.owner = self
                session.connection.session = session
            case .failure(let error):
                connectionAttemptFailed(error)
            }
        }
    }

    private func connectionAttemptFailed(_ error: SMTPError) {
        nextConnectionAttempt = .now() + TimeAmount(limits.reconnectDelay)
        // While there are sessions or attempts left, those who wait may still be served.
        guard sessions.isEmpty, connecting == 0 else { return }
        let failed = waiters
        waiters = CircularBuffer()
        for waiter in failed { waiter.completion(.failure(error)) }
        finishShutdown()
    }

    func connectionBecameReady(_ connection: Connection) {
        guard let session = connection.session else { return }
        guard !isShutDown else {
            connection.quit {}
            return
        }
        if waiters.isEmpty {
            idle.append(session)
            idleDeadline.set(after: limits.idleTimeout)
        } else {
            begin(waiters.removeFirst(), on: session)
        }
    }

    func connectionClosed(_ connection: Connection, error: SMTPError) {
        sessions[ObjectIdentifier(connection)] = nil
        idle.removeAll { $0.connection === connection }
        finishShutdown()
        if !waiters.isEmpty { eventLoop.assumeIsolated().execute { self.serve() } }
    }

    private func endIdleSessions() {
        let limit = NIODeadline.now() - TimeAmount(limits.idleTimeout)
        let overdue = idle.filter { $0.connection.readySince <= limit }
        idle.removeAll { $0.connection.readySince <= limit }
        for session in overdue { session.connection.quit {} }
        if let oldest = idle.map(\.connection.readySince).min() {
            idleDeadline.set(after: .nanoseconds(max(1, (oldest - limit).nanoseconds)))
        }
    }

    // MARK: The end

    func shutdown(grace: Duration, completion: @escaping () -> Void) {
        isShutDown = true
        shutdownCompletions.append(completion)
        let unserved = waiters
        waiters = CircularBuffer()
        for waiter in unserved {
            waiter.completion(.failure(SMTPError(.shutDown, stage: .connect, detail: "the pool is shut down")))
        }
        let unused = idle
        idle = []
        for session in unused { session.connection.quit {} }
        graceDeadline.set(after: grace)
        finishShutdown()
    }

    private func abort() {
        // A session that is still being set up has no message; whoever sets it up ends it.
        connecting = 0
        for session in sessions.values { session.connection.close("the pool is shut down", reason: .shutDown) }
        finishShutdown()
    }

    private func finishShutdown() {
        guard isShutDown, sessions.isEmpty, connecting == 0 else { return }
        for deadline in [queueDeadline, idleDeadline, graceDeadline, reconnectDeadline] { deadline.cancel() }
        let completions = shutdownCompletions
        shutdownCompletions = []
        for completion in completions { completion() }
    }
}
