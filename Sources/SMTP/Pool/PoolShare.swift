internal import NIOCore

/// The part of a pool that lives on one event loop, and is used there only.
final class PoolShare: SessionOwner {
    /// A message that is open on a session of the pool.
    struct Opened: Sendable {
        let session: SMTPSession
        let opened: SMTPSession.Opened
        /// How long the message waited for the session.
        let waited: TimeAmount
    }

    struct Waiter {
        let envelope: Envelope
        let deadline: NIODeadline
        /// Whether the message has already met a session that the server had given up.
        var isSecondTry = false
        /// How long it has waited for the session that it is opened on.
        var waited = TimeAmount.zero
        let completion: (Result<Opened, SMTPError>) -> Void
    }

    let configuration: SMTPConfiguration
    let limits: SMTPPoolLimits
    let eventLoop: any EventLoop
    let observer: (any SMTPPoolObserver)?
    /// All sessions that are set up.
    var sessions: [ObjectIdentifier: SMTPSession] = [:]
    /// Those that wait for a message; the one used last is used next, so that the others can be ended.
    var idle: [SMTPSession] = []
    var connecting = 0
    /// Sessions that rested for long and are being asked whether the server is still there.
    var probing = 0
    /// What has happened so far.
    var counts = SMTPSessionPool.Counts()
    var warmUps: [WarmUp] = []
    var waiters = CircularBuffer<Waiter>()
    var nextConnectionAttempt = NIODeadline.distantPast
    var shutdownCompletions: [() -> Void] = []
    var isShutDown = false
    /// Whether envelopes may be chained. A server that mishandled one gets plain transactions from then on.
    var chains: Bool
    var promptness: Promptness
    lazy var queueDeadline = Deadline(eventLoop) { [unowned self] in expireWaiters() }
    lazy var idleDeadline = Deadline(eventLoop) { [unowned self] in endIdleSessions() }
    lazy var graceDeadline = Deadline(eventLoop) { [unowned self] in abort() }
    lazy var chainDeadline = Deadline(eventLoop) { [unowned self] in takeBackOverdueChained() }
    lazy var promptDeadline = Deadline(eventLoop) { [unowned self] in stopRelyingOnPromptness() }
    lazy var reconnectDeadline = Deadline(eventLoop) { [unowned self] in serve() }

    init(
        _ configuration: SMTPConfiguration, limits: SMTPPoolLimits, eventLoop: any EventLoop,
        observer: (any SMTPPoolObserver)? = nil
    ) {
        self.observer = observer
        self.configuration = configuration
        self.limits = limits
        self.eventLoop = eventLoop
        chains = limits.chainsTransactions
        promptness = Promptness(bound: limits.promptReply)
    }

    var figures: SMTPSessionPool.Figures {
        SMTPSessionPool.Figures(
            sessions: sessions.count, idle: idle.count, connecting: connecting, waiting: waiters.count, counts: counts)
    }

    // MARK: Messages

    func open(_ envelope: Envelope, completion: @escaping (Result<Opened, SMTPError>) -> Void) {
        guard !isShutDown else {
            completion(.failure(SMTPError(.shutDown, stage: .connect, detail: "the pool is shut down")))
            return
        }
        counts.messages += 1
        let waitsForChain = fewSessionsAreEnough
        if waiters.isEmpty, !waitsForChain, let session = takeIdle(for: 1) {
            begin(Waiter(envelope: envelope, deadline: .distantFuture, completion: completion), on: session)
            return
        }
        guard waiters.count < limits.queueLength else {
            counts.turnedAway += 1
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
    func serve() {
        while !waiters.isEmpty, let session = takeIdle(for: waiters.count) { begin(waiters.removeFirst(), on: session) }
        guard connecting + probing < waiters.count, sessions.count + connecting < limits.sessions else { return }
        let now = NIODeadline.now()
        if now < nextConnectionAttempt, sessions.count + connecting > 0 {
            let wait = nextConnectionAttempt - now
            reconnectDeadline.set(after: .nanoseconds(wait.nanoseconds))
            return
        }
        while connecting + probing < waiters.count, sessions.count + connecting < limits.sessions { connect() }
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

    /// A session that can take a message at once. One that has rested for long is asked first whether its server is
    /// still there, and comes back by `connectionBecameReady`.
    private func takeIdle(for messages: Int) -> SMTPSession? {
        while probing < messages, let session = idle.popLast() {
            let connection = session.connection
            guard connection.isReady else { continue }
            if isSpent(session) {
                retire(session)
            } else if NIODeadline.now() - connection.readySince > TimeAmount(limits.probeAfter) {
                probing += 1
                connection.probe(within: limits.probeTimeout)
            } else {
                return session
            }
        }
        return nil
    }

    func begin(_ waiter: Waiter, on session: SMTPSession) {
        let waiter = timed(waiter)
        let wasUsed = session.connection.transactions > 0
        session.connection.open(waiter.envelope) { result in
            self.opened(waiter, on: session, result) { wasUsed && Self.meansStale($0) }
        }
    }

    /// A waiter whose turn has come. One that found a session at once has no deadline, and costs no look at the clock.
    func timed(_ waiter: Waiter) -> Waiter {
        guard waiter.deadline != .distantFuture else { return waiter }
        var waiter = waiter
        waiter.waited = .now() - (waiter.deadline - TimeAmount(limits.queueTimeout))
        return waiter
    }

    /// Hands an opened message over, or sends it on another session where the failure was the session's.
    func opened(
        _ waiter: Waiter, on session: SMTPSession, _ result: Result<OpenedTransaction, SMTPError>,
        isOfTheSession: (SMTPError) -> Bool
    ) {
        switch result {
        case .success(let recipients):
            let opened = SMTPSession.Opened(session.connection, recipients)
            waiter.completion(.success(Opened(session: session, opened: opened, waited: waiter.waited)))
        case .failure(let error):
            if !waiter.isSecondTry, !isShutDown, isOfTheSession(error) {
                tryAgain(waiter, suspectsIdle: Self.meansStale(error))
            } else {
                waiter.completion(.failure(error))
            }
        }
    }

    /// Whether a session turned out to be one that the server had given up. Only the envelope had gone out.
    static func meansStale(_ error: SMTPError) -> Bool {
        switch error.stage {
        case .mail, .rcpt, .data: error.reason == .connectionLost || error.code == 421
        default: false
        }
    }

    /// Sends a message again on another session.
    ///
    /// - Parameter suspectsIdle: whether those that are idle are as suspect as the one that failed.
    private func tryAgain(_ waiter: Waiter, suspectsIdle: Bool) {
        counts.replaced += 1
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

    private func expireWaiters() {
        let now = NIODeadline.now()
        while let first = waiters.first, first.deadline <= now {
            waiters.removeFirst()
            counts.expired += 1
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
}
