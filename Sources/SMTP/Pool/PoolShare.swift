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
        /// Whether the message is not to be chained: it was, and came back.
        var isAlone = false
        /// How long it has waited for the session that it is opened on.
        var waited = TimeAmount.zero
        let completion: (Result<Opened, SMTPError>) -> Void
    }

    /// What a failure before the content says of the message.
    enum Verdict {
        /// It is the message's own.
        case final
        /// It is not: the message is asked for again, alone, on any session.
        case again
        /// It is the session's: the message is asked for again on a fresh one.
        case renew
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
    /// Messages that met a session of which the server has had enough, or that it had given up. Each gets a session on which
    /// nothing was sent yet, before those in `waiters`: any other could be in the same state.
    var renewals = Deque<Waiter>()
    /// How long the server may take for the reply to MAIL in a used session; nil once it has shown to be as slow as that in
    /// a fresh one, too.
    var mailPatience: Duration?
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
        mailPatience = limits.probeTimeout
        promptness = Promptness(bound: limits.promptReply, chainBound: limits.chainPatience / 4)
    }

    var connecting: Int { attempts.count }

    var figures: SMTPSessionPool.Figures {
        SMTPSessionPool.Figures(
            sessions: sessions.count, idle: idle.count, connecting: connecting,
            waiting: waiters.count + renewals.count, counts: counts)
    }

    /// Whether a message waits for a session.
    var isWaitedFor: Bool { !waiters.isEmpty || !renewals.isEmpty }

    /// Takes all messages that wait, to be told that they wait in vain.
    func takeAllWaiters() -> [Waiter] {
        let all = Array(renewals) + Array(waiters)
        renewals = Deque()
        waiters = Deque()
        return all
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
        // A session that rests makes room for a fresh one.
        while renewals.count > connecting, sessions.count + connecting >= limits.sessions, !idle.isEmpty {
            retire(idle.removeFirst())
        }
        guard connecting < wantedAttempts, sessions.count + connecting < limits.sessions else { return }
        let now = NIODeadline.now()
        if now < nextConnectionAttempt, sessions.count + connecting + leaving.count > 0 {
            let wait = nextConnectionAttempt - now
            reconnectDeadline.set(after: .nanoseconds(wait.nanoseconds))
            return
        }
        while connecting < wantedAttempts, sessions.count + connecting < limits.sessions { connect() }
    }

    /// How many sessions have to be set up for the messages that wait: those that are being probed will take some.
    private var wantedAttempts: Int { renewals.count + max(0, waiters.count - probing) }

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
        let connection = session.connection
        let wasUsed = fromIdle || connection.transactions > 0
        let restedSince = connection.readySince
        connection.mailPatience = wasUsed ? mailPatience : nil
        connection.open(waiter.envelope) { result in
            if !wasUsed { self.learnPatience(since: restedSince) }
            self.opened(waiter, on: session, result, restedSince: restedSince) { error in
                wasUsed && (self.meansStale(error) || self.meansWornOut(error, connection)) ? .renew : .final
            }
        }
    }

    /// A server that takes long over the envelope in a fresh session may do so in any: silence is no sign there.
    private func learnPatience(since begun: NIODeadline) {
        if let patience = mailPatience, .now() - begun > TimeAmount(patience) { mailPatience = nil }
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
        restedSince: NIODeadline?, verdict: (SMTPError) -> Verdict
    ) {
        switch result {
        case .success(let recipients):
            let opened = SMTPSession.Opened(session.connection, recipients)
            waiter.completion(.success(Opened(session: session, opened: opened, waited: waiter.waited)))
        case .failure(let error):
            let verdict = isShutDown ? .final : verdict(error)
            if verdict == .final {
                waiter.completion(.failure(error))
            } else {
                tryAgain(waiter, isRenewed: verdict == .renew)
                // A connection that was lost without a word makes those suspect that rested as long, and no others.
                if error.reply == nil, verdict == .renew, let restedSince { endIdle(since: restedSince) }
            }
        }
    }

    /// Whether a session turned out to be one that the server had given up. Only the envelope had gone out.
    func meansStale(_ error: SMTPError) -> Bool {
        switch error.stage {
        case .mail where error.reason == .timedOut: mailPatience != nil
        case .mail, .rcpt, .data: error.reason == .connectionLost || error.code == 421
        default: false
        }
    }

    /// Whether the server has had enough of a session that has carried messages, and would take the message in a new one:
    /// it refuses MAIL or DATA for now, or speaks of sequence (503) or of authentication (530). Such a session is ended.
    func meansWornOut(_ error: SMTPError, _ connection: Connection) -> Bool {
        guard connection.carried > 0, error.stage == .mail || error.stage == .data, let reply = error.reply,
            reply.isTransientNegative || reply.code == 503 || reply.code == 530
        else { return false }
        connection.isWornOut = true
        return true
    }

    /// Sends a message again on another session, or alone on the same.
    private func tryAgain(_ waiter: Waiter, isRenewed: Bool) {
        counts.replaced += 1
        let again = Waiter(
            envelope: waiter.envelope, deadline: .now() + queueTimeout, isAlone: true, completion: waiter.completion)
        if isRenewed {
            renewals.append(again)
        } else {
            waiters.prepend(again)
        }
        if !queueDeadline.isSet { queueDeadline.set(after: limits.queueTimeout) }
        // The failed session leaves `sessions` right after this call.
        eventLoop.assumeIsolated().execute { self.serve() }
    }

    /// A message that is tried again stands before those that came earlier: the whole queue is looked at.
    private func expireWaiters() {
        let now = NIODeadline.now()
        let expired = (Array(renewals) + Array(waiters)).filter { $0.deadline <= now }
        renewals.removeAll { $0.deadline <= now }
        waiters.removeAll { $0.deadline <= now }
        if let next = [renewals, waiters].joined().map(\.deadline).min() {
            queueDeadline.set(after: .nanoseconds((next - now).nanoseconds))
        }
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
