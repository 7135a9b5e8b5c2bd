internal import DequeModule
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
    /// Bounds of the limits that are looked at for each message, as the loop counts time.
    let sessionAge: TimeAmount
    private let queueTimeout: TimeAmount
    private let probeAfter: TimeAmount
    let eventLoop: any EventLoop
    let observer: (any SMTPPoolObserver)?
    /// All sessions that are set up.
    var sessions: [ObjectIdentifier: SMTPSession] = [:]
    /// Those that wait for a message; the one used last is used next, so that the others can be ended.
    var idle: [SMTPSession] = []
    /// Connections that are being set up as sessions.
    var attempts: [Connection] = []
    /// Sessions that have been told to end, and have not: they take no message, and no other's place.
    var leaving: [ObjectIdentifier: SMTPSession] = [:]
    /// Sessions that rested for long and are being asked whether the server is still there.
    var probing = 0
    /// What has happened so far.
    var counts = SMTPSessionPool.Counts()
    var warmUps: [WarmUp] = []
    var waiters = Deque<Waiter>()
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
        sessionAge = TimeAmount(limits.sessionAge)
        queueTimeout = TimeAmount(limits.queueTimeout)
        probeAfter = TimeAmount(limits.probeAfter)
        self.eventLoop = eventLoop
        chains = limits.chainsTransactions
        promptness = Promptness(bound: limits.promptReply)
    }

    var connecting: Int { attempts.count }

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
            begin(
                Waiter(envelope: envelope, deadline: .distantFuture, completion: completion), on: session,
                fromIdle: true)
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
        let deadline = NIODeadline.now() + queueTimeout
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
        while !waiters.isEmpty, let session = takeIdle(for: waiters.count) {
            begin(waiters.removeFirst(), on: session, fromIdle: true)
        }
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
        while let session = idle.last {
            let connection = session.connection
            let hasRested = NIODeadline.now() - connection.readySince > probeAfter
            // Those below have rested even longer.
            if hasRested, probing >= messages { return nil }
            idle.removeLast()
            guard connection.isReady else { continue }
            if isSpent(session) {
                retire(session)
            } else if hasRested {
                probing += 1
                connection.probe(within: limits.probeTimeout)
            } else {
                return session
            }
        }
        return nil
    }

    /// - Parameter fromIdle: whether the session rested until now, so that its server may have given it up.
    func begin(_ waiter: Waiter, on session: SMTPSession, fromIdle: Bool) {
        let waiter = timed(waiter)
        let wasUsed = fromIdle || session.connection.transactions > 0
        let restedSince = session.connection.readySince
        session.connection.open(waiter.envelope) { result in
            self.opened(waiter, on: session, result, restedSince: restedSince) { wasUsed && Self.meansStale($0) }
        }
    }

    /// A waiter whose turn has come. One that found a session at once has no deadline, and costs no look at the clock.
    func timed(_ waiter: Waiter) -> Waiter {
        guard waiter.deadline != .distantFuture else { return waiter }
        var waiter = waiter
        waiter.waited = .now() - (waiter.deadline - queueTimeout)
        return waiter
    }

    /// Hands an opened message over, or sends it on another session where the failure was the session's.
    func opened(
        _ waiter: Waiter, on session: SMTPSession, _ result: Result<OpenedTransaction, SMTPError>,
        restedSince: NIODeadline?, isOfTheSession: (SMTPError) -> Bool
    ) {
        switch result {
        case .success(let recipients):
            let opened = SMTPSession.Opened(session.connection, recipients)
            waiter.completion(.success(Opened(session: session, opened: opened, waited: waiter.waited)))
        case .failure(let error):
            if !waiter.isSecondTry, !isShutDown, isOfTheSession(error) {
                tryAgain(waiter)
                // A connection that was lost without a word makes those suspect that rested as long, and no others.
                if error.reason == .connectionLost, let restedSince { endIdle(since: restedSince) }
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
    private func tryAgain(_ waiter: Waiter) {
        counts.replaced += 1
        waiters.prepend(
            Waiter(
                envelope: waiter.envelope, deadline: .now() + queueTimeout, isSecondTry: true,
                completion: waiter.completion))
        if !queueDeadline.isSet { queueDeadline.set(after: limits.queueTimeout) }
        // The failed session leaves `sessions` right after this call.
        eventLoop.assumeIsolated().execute { self.serve() }
    }

    /// A message that is tried again stands before those that came earlier: the whole queue is looked at.
    private func expireWaiters() {
        let now = NIODeadline.now()
        let expired = waiters.filter { $0.deadline <= now }
        waiters.removeAll { $0.deadline <= now }
        if let next = waiters.map(\.deadline).min() { queueDeadline.set(after: .nanoseconds((next - now).nanoseconds)) }
        counts.expired += expired.count
        for waiter in expired {
            waiter.completion(
                .failure(
                    SMTPError(
                        .queueTimedOut, stage: .connect,
                        detail: "no session with the server became free in \(limits.queueTimeout); try again later")))
        }
    }
}
