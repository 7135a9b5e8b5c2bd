internal import DequeModule
internal import NIOCore

/// What a share of a pool decides, as a value: which message is sent on which session, and when sessions are opened, probed
/// and ended. Events go in, with the time in them, and actions come out; there is no I/O and no clock in it.
///
/// Every event is one call. Afterwards the shell takes ``nextAction()`` until there is none, and carries each one out. An
/// event that comes while it does so is told at once; its actions queue behind the others.
///
/// What does not fit a session's state changes nothing, such as a reply to the end of a message that has not ended.
///
/// A message is completed once: it is handed back by ``opened(_:at:)``, or by `fail`. Until then the machine holds it: in
/// its queues, or in the state of the session that it is opened on.
struct PoolMachine<Message>: ~Copyable {
    let limits: SMTPPoolLimits
    /// The bounds as the loop counts time.
    let times: PoolTimes
    /// The sessions that are set up, at their identifiers' indices; nil if there is none.
    var table: [PooledSession<Message>?] = []
    private var freePlaces: [Int] = []
    private var serial = 0
    /// How many of them can take messages: all but those that are leaving.
    var live = 0
    /// How many have been told to end, and have not: they take no message, and no other's place.
    var leaving = 0
    /// Those that wait for a message; the one used last is used next, so that the others can be ended.
    var idle: [SessionID] = []
    /// How many sessions wait for the content of their message, and so keep no message waiting that could be chained.
    private(set) var awaitingContent = 0
    /// How many sessions are being set up.
    var connecting = 0
    /// How many sessions rested for long and are being asked whether the server is still there.
    var probing = 0
    var waiters = WaitingMessages<Message>()
    /// Messages that met a session of which the server has had enough, or that it had given up. Each gets a session on which
    /// nothing was sent yet, before those in `waiters`: any other could be in the same state.
    var waitersForFresh = Deque<WaitingMessage<Message>>()
    /// How long the server may take for the reply to MAIL in a used session; nil once it has shown to be as slow as that in
    /// a fresh one, too.
    var mailPatience: Duration?
    var nextAttempt = NIODeadline.distantPast
    /// Whether envelopes may be chained. A server that mishandled one gets plain transactions from then on.
    var chains: Bool
    var promptness: Promptness
    var warmUps: [WarmUp] = []
    private(set) var isShutDown = false
    /// What has happened so far.
    var counts = SMTPSessionPool.Counts()
    var alarms = Alarms()
    /// What the timer was last set to.
    private var timer = NIODeadline.distantFuture
    private var actions = Deque<PoolAction<Message>>(minimumCapacity: 4)

    init(_ limits: SMTPPoolLimits) {
        self.limits = limits
        times = PoolTimes(limits)
        chains = limits.chainsTransactions
        mailPatience = limits.probeTimeout
        promptness = Promptness(bound: limits.promptReply, chainBound: limits.chainPatience / 4)
    }

    var figures: SMTPSessionPool.Figures {
        SMTPSessionPool.Figures(
            sessions: live, idle: idle.count, connecting: connecting, waiting: waiters.count + waitersForFresh.count,
            counts: counts)
    }

    /// The next thing to do, or nil if there is none.
    mutating func nextAction() -> PoolAction<Message>? {
        actions.popFirst()
    }

    mutating func act(_ action: PoolAction<Message>) {
        actions.append(action)
    }

    // MARK: Events of messages

    /// A message asks for a session.
    ///
    /// - Parameter recipients: how many it goes to.
    mutating func submit(_ message: Message, recipients: Int, at now: NIODeadline) {
        guard !isShutDown else {
            act(.fail(message, Self.shutDown))
            return
        }
        counts.messages += 1
        let waiting = WaitingMessage(message, recipients: recipients, since: now, deadline: now + times.queueTimeout)
        let waitsForChain = fewSessionsAreEnough
        if waiters.isEmpty, !waitsForChain, let session = takeIdle(for: 1, at: now) {
            begin(waiting, on: session, fromIdle: true, at: now)
            return
        }
        guard waiters.count < limits.queueLength else {
            counts.turnedAway += 1
            let detail = "\(waiters.count) messages wait for a session already; try again later"
            act(.fail(message, SMTPError(.queueFull, stage: .connect, detail: detail)))
            return
        }
        waiters.append(waiting)
        wake(.queue, at: waiting.deadline)
        if waitsForChain {
            wake(.promptness, at: now + Self.patienceWithPromptness)
        } else {
            serve(at: now)
        }
    }

    /// The server waits for the content of the message that is opened on a session.
    ///
    /// - Returns: the message; nil if it is not on this session, which then has to give the transaction up.
    mutating func opened(_ session: SessionID, at now: NIODeadline) -> OpenedMessage<Message>? {
        guard let record = self[session], case .opening(let opening) = record.state else { return nil }
        record.state = .open(.imminent)
        learnPatience(from: opening, at: now)
        return OpenedMessage(message: opening.waiting.message, waited: opening.waited)
    }

    /// The content of the message that is opened on a session is still to come. Until it does, the session is not one of
    /// those that soon take the messages that wait.
    ///
    /// - Parameter now: looked at only if a message is waiting; few contents are late, and each message comes by here.
    mutating func contentDelayed(_ session: SessionID, at now: @autoclosure () -> NIODeadline) {
        guard let record = self[session], case .open(.imminent) = record.state else { return }
        record.state = .open(.awaited)
        awaitingContent += 1
        if isWaitedFor, !fewSessionsAreEnough { serve(at: now()) }
    }

    /// A session leaves the state in which its message is open.
    private mutating func stopAwaiting(_ content: PooledSession<Message>.State.ContentProgress) {
        if case .awaited = content { awaitingContent -= 1 }
    }

    /// The message that is opened on a session failed before its content. `ready` or `closed` follows.
    mutating func openFailed(_ session: SessionID, _ error: SMTPError, at now: NIODeadline) {
        guard let record = self[session], case .opening(let opening) = record.state else { return }
        record.state = .settling
        learnPatience(from: opening, at: now)
        // Nothing was sent: it does not count as one of the session's messages.
        if error.isRefusedLocally { record.transactions -= 1 }
        settle(opening, on: session, error, at: now)
    }

    /// The end of a session's message is about to go out.
    ///
    /// - Parameter mayFollow: whether the session can take a message behind this one.
    /// - Returns: the message whose envelope goes out in the same write (RFC 2920, section 3.1), or nil for none.
    mutating func finishing(
        _ session: SessionID, at now: NIODeadline, mayFollow: (Message) -> Bool
    ) -> ChainedMessage<Message>? {
        guard let record = self[session], case .open(let content) = record.state else { return nil }
        stopAwaiting(content)
        guard let next = takeChained(behind: record, mayFollow) else {
            record.state = .finishing(since: now, next: nil)
            return nil
        }
        counts.chained += 1
        wake(.chain, at: now + times.chainPatience)
        record.state = .finishing(
            since: now, next: Opening(next, waited: now - next.since, session: .chained))
        return ChainedMessage(message: next.message, patience: mailPatience)
    }

    /// The server has replied to the end of a session's message, or never will. If another one is chained, it is opened now.
    ///
    /// - Parameters:
    ///   - isTaken: whether the server took the message.
    ///   - isReply: whether the server said anything.
    mutating func finished(_ session: SessionID, isTaken: Bool, isReply: Bool, at now: NIODeadline) {
        guard let record = self[session], case .finishing(let since, let next) = record.state else { return }
        if isReply { promptness.took(now - since) }
        if isTaken { record.carried += 1 }
        // A session that chains one message to the other grows old as well.
        record.readySince = now
        guard let next else {
            record.state = .settling
            return
        }
        record.transactions += 1
        record.state = .opening(next)
    }

    // MARK: Events of sessions

    /// A session is set up. `ready` follows.
    ///
    /// - Parameters:
    ///   - bounds: what the server's LIMITS allow (RFC 9422).
    ///   - created: when its connection was begun.
    mutating func established(
        _ bounds: Capabilities.Limits, createdAt created: NIODeadline, at now: NIODeadline
    ) -> SessionID {
        connecting -= 1
        counts.connected += 1
        live += 1
        serial += 1
        // After a transaction its recipients' domains have been counted: another could be one too many.
        let mostTransactions =
            bounds.recipientDomainMaximum == nil
            ? min(limits.messagesPerSession ?? .max, bounds.mailMaximum ?? .max) : 1
        let record = PooledSession<Message>(
            serial: serial, retiresAfter: created + times.sessionAge, mostTransactions: mostTransactions,
            readySince: now)
        if let place = freePlaces.popLast() {
            table[place] = record
            return SessionID(index: place, serial: serial)
        }
        table.append(record)
        return SessionID(index: table.count - 1, serial: serial)
    }

    /// A session could not be set up.
    mutating func attemptFailed(_ error: SMTPError, at now: NIODeadline) {
        connecting -= 1
        // The pool itself gave the attempt up.
        guard !isShutDown else {
            finishShutdown()
            return
        }
        counts.failedConnections += 1
        finishWarmUps(error)
        nextAttempt = now + times.reconnectDelay
        // While there are sessions or attempts left, those who wait may still be served; and a server that bounds the number
        // of its sessions may take another one when those that were told to end have ended.
        guard live == 0, connecting == 0, leaving == 0 else {
            // Sets the time of the next attempt, if one is wanted.
            serve(at: now)
            return
        }
        failAll(error)
    }

    /// A session can take a message: it was just set up, its last transaction is over, or it has answered to `probe`.
    mutating func ready(_ session: SessionID, at now: NIODeadline) {
        guard let record = self[session], record.state.mayBecomeReady else { return }
        switch record.state {
        case .probed: probing -= 1
        case .open(let content): stopAwaiting(content)
        default: break
        }
        record.readySince = now
        if isShutDown {
            end(session)
        } else if record.isSpent || makesRoom(record) {
            retire(session)
            if isWaitedFor { wake(.serving, at: now) }
        } else if let waiting = (record.transactions == 0 ? waitersForFresh.popFirst() : nil) ?? waiters.popFirst() {
            begin(waiting, on: session, fromIdle: false, at: now)
        } else {
            record.state = .idle
            idle.append(session)
            wake(.idle, at: now + times.idleTimeout)
        }
        if !isShutDown { finishWarmUps(nil) }
    }

    /// A session takes no more messages: its connection is closed, or is about to be.
    mutating func closed(_ session: SessionID, _ error: SMTPError, at now: NIODeadline) {
        guard let record = self[session] else { return }
        if case .leaving = record.state { leaving -= 1 } else { live -= 1 }
        switch record.state {
        case .idle: idle.removeAll { $0 == session }
        case .probed:
            probing -= 1
            counts.replaced += 1
            // Those that rested as long are not asked one after the other.
            endIdle(since: record.readySince)
        case .opening(let opening): settle(opening, on: session, error, at: now)
        // The error is of the message before it, whose end has gone out.
        case .finishing(_, let opening?):
            settle(opening, on: session, isShutDown ? Self.shutDown : Self.leftBehind, at: now)
        case .open(let content): stopAwaiting(content)
        case .finishing, .settling, .leaving: break
        }
        table[session.index] = nil
        freePlaces.append(session.index)
        setUpForWarmUps()
        finishShutdown()
        if isWaitedFor { wake(.serving, at: now) }
    }

    // MARK: Events of time and of the pool's user

    /// The time that `setTimer` named has come.
    mutating func timePassed(at now: NIODeadline) {
        // What is due at once is done in this call.
        timer = .distantPast
        if alarms[.queue] <= now { expireWaiters(at: now) }
        if alarms[.idle] <= now { endIdleSessions(at: now) }
        if alarms[.chain] <= now { takeBackOverdueChained(at: now) }
        if alarms[.promptness] <= now { stopRelyingOnPromptness(at: now) }
        if alarms[.serving] <= now {
            alarms[.serving] = .distantFuture
            serve(at: now)
        }
        if alarms[.grace] <= now { abort() }
        timer = .distantFuture
        setTimer(to: alarms.next)
    }

    /// Somebody waits for so many sessions to be set up before there are messages. Answered by `warmedUp`.
    mutating func warmUp(_ number: Int, sessions: Int) {
        guard !isShutDown else {
            act(.warmedUp(number, Self.shutDown))
            return
        }
        warmUps.append(WarmUp(number: number, sessions: min(sessions, limits.sessions)))
        setUpForWarmUps()
        finishWarmUps(nil)
    }

    /// No message is taken any more. The sessions that are used end with their messages, or when the grace is over. Answered
    /// by `shutdownCompleted`.
    mutating func shutdown(grace: TimeAmount, at now: NIODeadline) {
        isShutDown = true
        failAll(Self.shutDown)
        finishWarmUps(Self.shutDown)
        alarms[.grace] = .distantFuture
        wake(.grace, at: now + grace)
        for session in idle { end(session) }
        idle = []
        // No message needs them any more.
        if connecting > 0 { act(.abandonAttempts) }
        finishShutdown()
    }

    // MARK: The table of sessions

    /// What is known of a session; nil once it is closed.
    subscript(_ session: SessionID) -> PooledSession<Message>? {
        guard table.indices.contains(session.index), let record = table[session.index], record.serial == session.serial
        else { return nil }
        return record
    }

    // MARK: The timer

    /// Sees to it that something is done at that time, unless it is done earlier anyway.
    mutating func wake(_ reason: Alarms.Reason, at time: NIODeadline) {
        guard time < alarms[reason] else { return }
        alarms[reason] = time
        if time < timer { setTimer(to: time) }
    }

    private mutating func setTimer(to time: NIODeadline) {
        guard time != timer else { return }
        timer = time
        act(.setTimer(time))
    }

    mutating func finishShutdown() {
        guard isShutDown, live == 0, leaving == 0, connecting == 0 else { return }
        alarms = Alarms()
        setTimer(to: .distantFuture)
        act(.shutdownCompleted)
    }

    /// Only the envelope of a chained message has gone out when its session ends with the message before it.
    private static var leftBehind: SMTPError {
        SMTPError(.connectionLost, stage: .mail, detail: "the session ended with the message before this one")
    }

    static var shutDown: SMTPError { SMTPError(.shutDown, stage: .connect, detail: "the pool is shut down") }
}
