internal import NIOCore

/// How a pool gets its sessions, keeps them and parts with them.
extension PoolMachine {
    mutating func connect() {
        connecting += 1
        act(.connect)
    }

    /// Whether a session that was used has to give its place to a fresh one, for which a message waits.
    func makesRoom(_ session: PooledSession<Message>) -> Bool {
        waitersForFresh.count > connecting && session.transactions > 0 && live + connecting >= limits.sessions
    }

    /// Ends a session that has done its share in good order, and lets another take its place.
    mutating func retire(_ session: SessionID) {
        counts.retired += 1
        end(session)
    }

    /// Ends a session with QUIT. A server that does not answer holds no place meanwhile, and not for long.
    mutating func end(_ session: SessionID) {
        live -= 1
        leaving += 1
        self[session]?.state = .leaving
        act(.quit(session))
    }

    /// Ends the sessions that rest and have done so at least since then.
    mutating func endIdle(since time: NIODeadline) {
        let resting = idle
        idle = []
        for session in resting {
            if let readySince = self[session]?.readySince, readySince <= time {
                end(session)
            } else {
                idle.append(session)
            }
        }
    }

    mutating func endIdleSessions(at now: NIODeadline) {
        alarms[.idle] = .distantFuture
        endIdle(since: now - times.idleTimeout)
        if let oldest = idle.compactMap({ self[$0]?.readySince }).min() { wake(.idle, at: oldest + times.idleTimeout) }
    }

    /// The grace is over.
    mutating func abort() {
        alarms[.grace] = .distantFuture
        for (index, record) in table.enumerated() {
            if let record { act(.close(SessionID(index: index, serial: record.serial))) }
        }
    }

    // MARK: Warm-up

    mutating func setUpForWarmUps() {
        guard !isShutDown, let wanted = warmUps.map(\.sessions).max() else { return }
        while live + connecting < wanted { connect() }
    }

    /// Answers those whose sessions are there, and, if no connection can be made, all.
    mutating func finishWarmUps(_ error: SMTPError?) {
        guard !warmUps.isEmpty else { return }
        let waiting = warmUps
        warmUps = []
        for warmUp in waiting {
            if error != nil || live >= warmUp.sessions {
                act(.warmedUp(warmUp.number, error))
            } else {
                warmUps.append(warmUp)
            }
        }
    }
}
