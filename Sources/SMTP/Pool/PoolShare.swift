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
    /// Whether envelopes may be chained. A server that mishandled one gets plain transactions from then on.
    private var chains: Bool
    private var promptness: Promptness
    private lazy var queueDeadline = Deadline(eventLoop) { [unowned self] in expireWaiters() }
    private lazy var idleDeadline = Deadline(eventLoop) { [unowned self] in endIdleSessions() }
    private lazy var graceDeadline = Deadline(eventLoop) { [unowned self] in abort() }
    private lazy var chainDeadline = Deadline(eventLoop) { [unowned self] in takeBackOverdueChained() }
    private lazy var promptDeadline = Deadline(eventLoop) { [unowned self] in stopRelyingOnPromptness() }
    private lazy var reconnectDeadline = Deadline(eventLoop) { [unowned self] in serve() }

    init(_ configuration: SMTPConfiguration, limits: SMTPPoolLimits, eventLoop: any EventLoop) {
        self.configuration = configuration
        self.limits = limits
        self.eventLoop = eventLoop
        chains = limits.chainsTransactions
        promptness = Promptness(bound: limits.promptReply)
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
        let waitsForChain = fewSessionsAreEnough
        if waiters.isEmpty, !waitsForChain, let session = takeIdle() {
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
        if waitsForChain {
            if !promptDeadline.isSet { promptDeadline.set(after: Self.patienceWithPromptness) }
        } else {
            serve()
        }
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

    /// Whether the sessions that are busy will take the messages that wait sooner than others could: each chains them, and
    /// a message then costs one write and one read instead of two.
    private var fewSessionsAreEnough: Bool {
        chains && promptness.isPrompt && sessions.count - idle.count >= limits.promptSessions
    }

    /// How long messages wait for busy sessions while others are idle, should a prompt server fall silent.
    private static let patienceWithPromptness = Duration.milliseconds(10)

    private func stopRelyingOnPromptness() {
        guard !waiters.isEmpty else { return }
        promptness.forget()
        serve()
    }

    private func takeIdle() -> SMTPSession? {
        while let session = idle.popLast() {
            if session.connection.isReady { return session }
        }
        return nil
    }

    private func begin(_ waiter: Waiter, on session: SMTPSession) {
        let wasUsed = session.connection.transactions > 0
        session.connection.open(waiter.envelope) { result in
            self.opened(waiter, on: session, result) { wasUsed && Self.meansStale($0) }
        }
    }

    /// Hands an opened message over, or sends it on another session where the failure was the session's.
    private func opened(
        _ waiter: Waiter, on session: SMTPSession, _ result: Result<[RejectedRecipient], SMTPError>,
        isOfTheSession: (SMTPError) -> Bool
    ) {
        switch result {
        case .success(let rejected):
            let opened = SMTPSession.Opened(transaction: session.connection.transactions, rejected: rejected)
            waiter.completion(.success(Opened(session: session, opened: opened)))
        case .failure(let error):
            if !waiter.isSecondTry, !isShutDown, isOfTheSession(error) {
                tryAgain(waiter, suspectsIdle: Self.meansStale(error))
            } else {
                waiter.completion(.failure(error))
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

    /// Sends a message again on another session.
    ///
    /// - Parameter suspectsIdle: whether those that are idle are as suspect as the one that failed.
    private func tryAgain(_ waiter: Waiter, suspectsIdle: Bool) {
        let suspects = suspectsIdle ? idle : []
        if suspectsIdle { idle = [] }
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

    // MARK: Chained transactions

    func connection(_ connection: Connection, answeredAfter duration: TimeAmount) {
        promptness.took(duration)
    }

    func connectionMayChain(_ connection: Connection) -> ChainedEnvelope? {
        guard chains, !isShutDown, let session = connection.session, let waiter = waiters.first, !waiter.isSecondTry,
            waiter.envelope.recipients.count <= Self.maximumChainedRecipients, connection.mayChain(waiter.envelope)
        else { return nil }
        waiters.removeFirst()
        if !chainDeadline.isSet { chainDeadline.set(after: limits.chainPatience) }
        return ChainedEnvelope(envelope: waiter.envelope) { result in
            self.opened(waiter, on: session, result) { error in
                if Self.meansMishandled(error) { self.chains = false }
                // MAIL may have been refused for where it stood and not for what it said: asked alone, the server tells.
                return Self.meansStale(error) || error.stage == .mail || Self.meansMishandled(error)
            }
        }
    }

    /// Most recipients of a message that is chained: a longer envelope would hold up the write that it shares.
    private static let maximumChainedRecipients = 100

    /// Whether a server took the envelope behind a content amiss: it lost it, or spoke of its sequence.
    private static func meansMishandled(_ error: SMTPError) -> Bool {
        switch error.stage {
        case .mail, .rcpt, .data:
            switch error.reason {
            case .timedOut, .protocolViolation: true
            default: error.code == 503 || error.code == 554
            }
        default: false
        }
    }

    /// A message that is chained to one whose reply is slow to come goes to the head of the queue again.
    private func takeBackOverdueChained() {
        let limit = NIODeadline.now() - TimeAmount(limits.chainPatience)
        var goesOn = false
        for session in sessions.values {
            guard let since = session.connection.chainedSince else { continue }
            if since <= limit {
                // Answered as a session that was lost would be: the message is sent on another one.
                session.connection.takeBackChained()?(.failure(Self.takenBack))
            } else {
                goesOn = true
            }
        }
        if goesOn { chainDeadline.set(after: limits.chainPatience) }
    }

    private static let takenBack = SMTPError(
        .connectionLost, stage: .mail, detail: "the message before this one took too long")

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
        for deadline in [queueDeadline, idleDeadline, graceDeadline, chainDeadline, promptDeadline, reconnectDeadline] {
            deadline.cancel()
        }
        let completions = shutdownCompletions
        shutdownCompletions = []
        for completion in completions { completion() }
    }
}
