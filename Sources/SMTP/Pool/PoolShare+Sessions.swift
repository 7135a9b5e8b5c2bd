internal import DequeModule
internal import NIOCore

/// How a share of a pool gets its sessions, keeps them and parts with them.
extension PoolShare {
    func connect() {
        let attempt = SMTPSession.establish(configuration, on: eventLoop) { [self] result in
            attempts.removeAll { !$0.isBeingSetUp }
            switch result {
            case .success(let session):
                counts.connected += 1
                let connection = session.connection
                observer?.sessionEstablished(
                    connect: Duration(connection.connectedAt - connection.createdAt),
                    tls: connection.tlsTook.map { Duration($0) })
                sessions[ObjectIdentifier(session.connection)] = session
                session.connection.owner = self
                session.connection.session = session
            case .failure(let error):
                connectionAttemptFailed(error)
            }
        }
        if attempt.isBeingSetUp { attempts.append(attempt) }
    }

    private func connectionAttemptFailed(_ error: SMTPError) {
        // The pool itself gave the attempt up.
        guard !isShutDown else {
            finishShutdown()
            return
        }
        counts.failedConnections += 1
        observer?.sessionFailed(error)
        finishWarmUps(error)
        nextConnectionAttempt = .now() + TimeAmount(limits.reconnectDelay)
        // While there are sessions or attempts left, those who wait may still be served; and a server that bounds the number
        // of its sessions may take another one when those that were told to end have ended.
        guard sessions.isEmpty, connecting == 0, leaving.isEmpty else {
            // Sets the time of the next attempt, where one is wanted.
            serve()
            return
        }
        let failed = takeAllWaiters()
        for waiter in failed { waiter.completion(.failure(error)) }
    }

    func connectionBecameReady(_ connection: Connection) {
        guard let session = connection.session else { return }
        // Only a session that was asked becomes ready with no deadline of its own in between.
        if connection.isProbed {
            connection.isProbed = false
            probing -= 1
        }
        guard !isShutDown else {
            end(session)
            return
        }
        if isSpent(session) || makesRoom(connection) {
            retire(session)
            if isWaitedFor { eventLoop.assumeIsolated().execute { self.serve() } }
        } else if connection.transactions == 0, let waiter = renewals.popFirst() {
            begin(waiter, on: session, fromIdle: false)
        } else if let waiter = nextWaiter(for: connection) {
            begin(waiter, on: session, fromIdle: false)
        } else {
            idle.append(session)
            if !idleDeadline.isSet { idleDeadline.set(after: limits.idleTimeout) }
        }
        finishWarmUps(nil)
    }

    /// Whether a session that was used has to give its place to a fresh one, for which a message waits.
    private func makesRoom(_ connection: Connection) -> Bool {
        renewals.count > connecting && connection.transactions > 0 && sessions.count + connecting >= limits.sessions
    }

    /// The first message that can be sent on a connection. Those before it are told at once why theirs cannot, and not by
    /// opening one after the other: each would come back here.
    private func nextWaiter(for connection: Connection) -> Waiter? {
        while let waiter = waiters.popFirst() {
            guard let refusal = connection.localRefusal(of: waiter.envelope) else { return waiter }
            waiter.completion(.failure(refusal))
        }
        return nil
    }

    /// Whether a session has done its share: its age, its messages, or what the server's LIMITS allow (RFC 9422).
    func isSpent(_ session: SMTPSession) -> Bool {
        let connection = session.connection
        if connection.isWornOut { return true }
        // A session that no message was sent on yet can always take one.
        guard connection.transactions > 0 else { return false }
        let bounds = connection.capabilities.limits
        if bounds.recipientDomainMaximum != nil { return true }
        let most = min(limits.messagesPerSession ?? .max, bounds.mailMaximum ?? .max)
        return connection.transactions >= most
            || connection.createdAt + sessionAge < connection.readySince
    }

    /// Ends a session in good order, and lets another take its place.
    func retire(_ session: SMTPSession) {
        counts.retired += 1
        end(session)
    }

    /// Ends a session with QUIT. A server that does not answer holds no place meanwhile, and not for long.
    func end(_ session: SMTPSession) {
        let identifier = ObjectIdentifier(session.connection)
        sessions[identifier] = nil
        leaving[identifier] = session
        session.connection.probeTimeout = limits.probeTimeout
        session.connection.quit {}
    }

    /// Closes the sessions that rest and have done so at least since then.
    func endIdle(since time: NIODeadline) {
        let suspects = idle.filter { $0.connection.readySince <= time }
        idle.removeAll { $0.connection.readySince <= time }
        for session in suspects { end(session) }
    }

    func connectionClosed(_ connection: Connection, error: SMTPError) {
        sessions[ObjectIdentifier(connection)] = nil
        leaving[ObjectIdentifier(connection)] = nil
        idle.removeAll { $0.connection === connection }
        if connection.isProbed {
            connection.isProbed = false
            probing -= 1
            counts.replaced += 1
            // Those that rested as long are not asked one after the other.
            endIdle(since: connection.readySince)
        }
        setUpForWarmUps()
        finishShutdown()
        if isWaitedFor { eventLoop.assumeIsolated().execute { self.serve() } }
    }

    func endIdleSessions() {
        let limit = NIODeadline.now() - TimeAmount(limits.idleTimeout)
        let overdue = idle.filter { $0.connection.readySince <= limit }
        idle.removeAll { $0.connection.readySince <= limit }
        for session in overdue { end(session) }
        if let oldest = idle.map(\.connection.readySince).min() {
            idleDeadline.set(after: .nanoseconds(max(1, (oldest - limit).nanoseconds)))
        }
    }

    // MARK: Warm-up

    /// Somebody who waits for sessions to be set up before there are messages.
    struct WarmUp {
        let sessions: Int
        let completion: (Result<Void, SMTPError>) -> Void
    }

    func warmUp(_ count: Int, completion: @escaping (Result<Void, SMTPError>) -> Void) {
        guard !isShutDown else {
            completion(.failure(SMTPError(.shutDown, stage: .connect, detail: "the pool is shut down")))
            return
        }
        warmUps.append(WarmUp(sessions: min(count, limits.sessions), completion: completion))
        setUpForWarmUps()
        finishWarmUps(nil)
    }

    private func setUpForWarmUps() {
        guard !isShutDown, let wanted = warmUps.map(\.sessions).max() else { return }
        while sessions.count + connecting < wanted { connect() }
    }

    /// Answers those whose sessions are there, and, where no connection can be made, all.
    func finishWarmUps(_ error: SMTPError?) {
        guard !warmUps.isEmpty else { return }
        let waiting = warmUps
        warmUps = []
        for warmUp in waiting {
            if let error {
                warmUp.completion(.failure(error))
            } else if sessions.count >= warmUp.sessions {
                warmUp.completion(.success(()))
            } else {
                warmUps.append(warmUp)
            }
        }
    }
}
