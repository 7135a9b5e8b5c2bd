internal import DequeModule
internal import NIOCore

/// Which message is sent on which session, and what becomes of one that failed.
extension PoolMachine {
    /// Whether a message waits for a session.
    var isWaitedFor: Bool { !waiters.isEmpty || !waitersForFresh.isEmpty }

    /// Gives sessions to those who wait, and opens more where they are wanted and allowed.
    mutating func serve(at now: NIODeadline) {
        while !waiters.isEmpty, let session = takeIdle(for: waiters.count, at: now), let waiting = waiters.popFirst() {
            begin(waiting, on: session, fromIdle: true, at: now)
        }
        // A session that rests makes room for a fresh one.
        while waitersForFresh.count > connecting, live + connecting >= limits.sessions, !idle.isEmpty {
            retire(idle.removeFirst())
        }
        guard connecting < wantedAttempts, live + connecting < limits.sessions else { return }
        if now < nextAttempt, live + connecting + leaving > 0 {
            wake(.serving, at: nextAttempt)
            return
        }
        while connecting < wantedAttempts, live + connecting < limits.sessions { connect() }
    }

    /// How many sessions have to be set up for the messages that wait: those that are being probed will take some.
    private var wantedAttempts: Int { waitersForFresh.count + max(0, waiters.count - probing) }

    /// A session that can take a message at once. One that has rested for long is asked first whether its server is
    /// still there, and comes back by `ready`.
    mutating func takeIdle(for messages: Int, at now: NIODeadline) -> SessionID? {
        while let session = idle.last, let readySince = self[session]?.readySince {
            let hasRested = now - readySince > times.probeAfter
            // Those below have rested even longer.
            if hasRested, probing >= messages { return nil }
            idle.removeLast()
            if self[session]?.isSpent == true {
                retire(session)
            } else if hasRested {
                probing += 1
                self[session]?.state = .probed
                act(.probe(session))
            } else {
                return session
            }
        }
        return nil
    }

    /// Opens a message on a session.
    ///
    /// - Parameter fromIdle: whether the session rested until now, so that its server may have given it up.
    mutating func begin(_ waiting: WaitingMessage<Message>, on session: SessionID, fromIdle: Bool, at now: NIODeadline)
    {
        guard let record = self[session] else {
            waiters.append(again: waiting)
            return
        }
        let isUsed = fromIdle || record.transactions > 0
        record.transactions += 1
        record.state = .opening(
            Opening(
                waiting, waited: now - waiting.since,
                session: isUsed ? .used(restedSince: record.readySince) : .fresh(since: now)))
        act(.open(waiting.message, session, patience: isUsed ? mailPatience : nil))
    }

    /// Whether the sessions that wait for the server will take the messages that wait sooner than others could: each chains
    /// them, and a message then costs one write and one read instead of two.
    var fewSessionsAreEnough: Bool {
        chains && promptness.isPrompt && live - idle.count - awaitingContent >= limits.promptSessions
    }

    /// How long messages wait for busy sessions while others are idle, should a prompt server fall silent.
    static var patienceWithPromptness: TimeAmount { .milliseconds(10) }

    mutating func stopRelyingOnPromptness(at now: NIODeadline) {
        alarms[.promptness] = .distantFuture
        guard !waiters.isEmpty else { return }
        promptness.forget()
        serve(at: now)
    }

    // MARK: Chaining

    /// Takes the first message that waits, if its envelope may go out behind the end of a session's message.
    mutating func takeChained(behind session: PooledSession<Message>, _ mayFollow: (Message) -> Bool) -> WaitingMessage<
        Message
    >? {
        guard chains, promptness.allowsChaining, !isShutDown, waitersForFresh.isEmpty, let first = waiters.first,
            first.mayBeChained, first.recipients <= Self.maximumChainedRecipients, !session.isSpent,
            mayFollow(first.message)
        else { return nil }
        return waiters.popFirst()
    }

    /// Most recipients of a message that is chained: a longer envelope would hold up the write that it shares.
    private static var maximumChainedRecipients: Int { 100 }

    /// A message that is chained to one whose reply is slow to come is sent on another session.
    mutating func takeBackOverdueChained(at now: NIODeadline) {
        alarms[.chain] = .distantFuture
        for (index, record) in table.enumerated() {
            guard let record, case .finishing(let since, let next?) = record.state else { continue }
            let session = SessionID(index: index, serial: record.serial)
            if since + times.chainPatience <= now {
                promptness.waits(now - since)
                record.state = .finishing(since: since, next: nil)
                // The server has the envelope: another one does not fit behind it.
                record.isWornOut = true
                act(.takeBack(session))
                settle(next, on: session, Self.takenBack, at: now)
            } else {
                wake(.chain, at: since + times.chainPatience)
            }
        }
    }

    private static var takenBack: SMTPError {
        SMTPError(.shutDown, stage: .mail, detail: "the message before this one took too long")
    }

    // MARK: Messages that failed before their content

    /// Completes a message that failed before its content, or sends it again if the failure was not its own.
    mutating func settle(
        _ opening: Opening<Message>, on session: SessionID, _ error: SMTPError, at now: NIODeadline
    ) {
        switch retry(after: error, of: opening, session) {
        case .none: fail(opening.waiting, error)
        case .onAnySession:
            var again = retried(opening, at: now)
            // Only a verdict of the mail system is about the message (RFC 5321, section 4.2.1), and not one about syntax.
            if error.stage == .mail, let code = error.code, code / 10 % 10 == 5, !Self.isMishandled(error) {
                again.refusal = error
            }
            waiters.append(again: again)
        case .onFreshSession:
            waitersForFresh.append(retried(opening, at: now))
            // A connection that was lost without a word makes those suspect that rested as long, and no others.
            if error.reply == nil, case .used(let restedSince) = opening.session { endIdle(since: restedSince) }
        }
    }

    /// Completes a message that cannot be sent. A reply that was received decides, whatever became of the second try.
    private mutating func fail(_ waiting: WaitingMessage<Message>, _ error: SMTPError) {
        act(.fail(waiting.message, error.reply == nil ? waiting.refusal ?? error : error))
    }

    /// A message that is tried again, alone.
    private mutating func retried(_ opening: Opening<Message>, at now: NIODeadline) -> WaitingMessage<Message> {
        counts.replaced += 1
        var again = WaitingMessage(
            opening.waiting.message, recipients: opening.waiting.recipients, since: now,
            deadline: now + times.queueTimeout)
        again.mayBeChained = false
        again.refusal = opening.waiting.refusal
        wake(.queue, at: again.deadline)
        // The session that failed it takes it first if it can, and is counted until then.
        wake(.serving, at: now)
        return again
    }

    private mutating func retry(
        after error: SMTPError, of opening: Opening<Message>, _ session: SessionID
    ) -> Retry {
        if isShutDown { return .none }
        switch opening.session {
        case .fresh: return .none
        case .used: return isStale(error) || isWornOut(session, error) ? .onFreshSession : .none
        case .chained:
            if Self.isMishandled(error) {
                chains = false
                return .onAnySession
            }
            if isWornOut(session, error) { return .onFreshSession }
            // MAIL may have been refused for where it stood and not for what it said: asked alone, the server tells.
            return isStale(error) || error.stage == .mail ? .onAnySession : .none
        }
    }

    /// Whether a server took the envelope behind a content amiss: it lost it, or spoke of its sequence.
    private static func isMishandled(_ error: SMTPError) -> Bool {
        switch error.stage {
        case .mail, .rcpt, .data:
            switch error.reason {
            case .timedOut, .protocolViolation: true
            // 554 is also what a recipient is refused with.
            default: error.code == 503 || (error.code == 554 && error.stage == .mail)
            }
        default: false
        }
    }

    /// Whether a session turned out to be one that the server had given up. Only the envelope had gone out.
    private func isStale(_ error: SMTPError) -> Bool {
        switch error.stage {
        case .mail where error.reason == .timedOut: mailPatience != nil
        case .mail, .rcpt, .data: error.reason == .connectionLost || error.code == 421
        default: false
        }
    }

    /// Whether the server has had enough of a session that has carried messages, and would take the message in a new one:
    /// it refuses MAIL or DATA for now, or speaks of sequence (503) or of authentication (530). Such a session is ended.
    private mutating func isWornOut(_ session: SessionID, _ error: SMTPError) -> Bool {
        guard let record = self[session], record.carried > 0, error.stage == .mail || error.stage == .data,
            let reply = error.reply, reply.isTransientNegative || reply.code == 503 || reply.code == 530
        else { return false }
        record.isWornOut = true
        return true
    }

    /// A server that takes long over the envelope in a fresh session may do so in any: silence is no sign there.
    mutating func learnPatience(from opening: Opening<Message>, at now: NIODeadline) {
        guard case .fresh(let since) = opening.session, now - since > times.probeTimeout else { return }
        mailPatience = nil
    }

    // MARK: Messages that wait in vain

    mutating func expireWaiters(at now: NIODeadline) {
        alarms[.queue] = .distantFuture
        let expired = waitersForFresh.removeExpired(at: now) + waiters.removeExpired(at: now)
        if let next = waitersForFresh.first?.deadline { wake(.queue, at: next) }
        if let next = waiters.nextDeadline { wake(.queue, at: next) }
        counts.expired += expired.count
        let error = SMTPError(
            .queueTimedOut, stage: .connect,
            detail: "no session with the server became free in \(limits.queueTimeout); try again later")
        for waiting in expired { fail(waiting, error) }
    }

    /// No message that waits can be sent.
    mutating func failAll(_ error: SMTPError) {
        let waiting = Array(waitersForFresh) + waiters.removeAll()
        waitersForFresh.removeAll()
        for message in waiting { fail(message, error) }
    }
}
