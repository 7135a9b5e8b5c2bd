internal import NIOCore

/// How a share of a pool gets its sessions, keeps them and parts with them.
extension PoolShare {
    func connect() {
        connecting += 1
        SMTPSession.establish(configuration, on: eventLoop) { [self] result in
            connecting = max(0, connecting - 1)
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
    }

    private func connectionAttemptFailed(_ error: SMTPError) {
        counts.failedConnections += 1
        observer?.sessionFailed(error)
        finishWarmUps(error)
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
        // Only a session that was asked becomes ready with no deadline of its own in between.
        if connection.isProbed {
            connection.isProbed = false
            probing -= 1
        }
        guard !isShutDown else {
            connection.quit {}
            return
        }
        if isSpent(session) {
            retire(session)
        } else if waiters.isEmpty {
            idle.append(session)
            if !idleDeadline.isSet { idleDeadline.set(after: limits.idleTimeout) }
        } else {
            begin(waiters.removeFirst(), on: session)
        }
        finishWarmUps(nil)
    }

    /// Whether a session has done its share: its age, its messages, or what the server's LIMITS allow (RFC 9422).
    ///
    /// - Parameter chaining: whether the message under way is still to be counted.
    func isSpent(_ session: SMTPSession, chaining: Bool = false) -> Bool {
        let connection = session.connection
        // A session that no message was sent on yet can always take one.
        guard connection.transactions > 0 else { return false }
        let bounds = connection.capabilities.limits
        if bounds.recipientDomainMaximum != nil { return true }
        let most = min(limits.messagesPerSession ?? .max, bounds.mailMaximum ?? .max)
        return connection.transactions >= most
            || connection.createdAt + TimeAmount(limits.sessionAge) < connection.readySince
    }

    /// Ends a session in good order, and lets another take its place.
    func retire(_ session: SMTPSession) {
        counts.retired += 1
        session.connection.quit {}
    }

    func connectionClosed(_ connection: Connection, error: SMTPError) {
        sessions[ObjectIdentifier(connection)] = nil
        if connection.isProbed {
            connection.isProbed = false
            probing -= 1
            counts.replaced += 1
        }
        idle.removeAll { $0.connection === connection }
        finishShutdown()
        if !waiters.isEmpty { eventLoop.assumeIsolated().execute { self.serve() } }
    }

    func endIdleSessions() {
        let limit = NIODeadline.now() - TimeAmount(limits.idleTimeout)
        let overdue = idle.filter { $0.connection.readySince <= limit }
        idle.removeAll { $0.connection.readySince <= limit }
        for session in overdue { session.connection.quit {} }
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
        let wanted = min(count, limits.sessions)
        warmUps.append(WarmUp(sessions: wanted, completion: completion))
        while sessions.count + connecting < wanted { connect() }
        finishWarmUps(nil)
    }

    /// Answers those whose sessions are there, and, where no connection can be made, all.
    private func finishWarmUps(_ error: SMTPError?) {
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
