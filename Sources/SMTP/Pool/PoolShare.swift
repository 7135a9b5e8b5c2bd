internal import NIOCore

/// The part of a pool that lives on one event loop, and is used there only: it carries out what its machine decides, and
/// tells it what its sessions and the clock say.
final class PoolShare: SessionOwner {
    /// A session of the table, at the place that its identifier names.
    private struct Place {
        let identifier: SessionID
        let session: SMTPSession
        /// What a transaction that is opened here is told to. One for all, for they come one after the other.
        let opened: Connection.OpenCompletion
    }

    private let configuration: SMTPConfiguration
    private let eventLoop: any EventLoop
    private let observer: (any SMTPPoolObserver)?
    private var machine: PoolMachine<any PoolMessage>
    private var places: [Place?] = []
    /// Connections that are being set up as sessions.
    private var attempts: [Connection] = []
    /// By the numbers that the machine knows them by.
    private var warmUps: [Int: (Result<Void, SMTPError>) -> Void] = [:]
    private var warmUpCount = 0
    private var shutdownCompletions: [() -> Void] = []
    private var timer: Scheduled<Void>?
    private var isCarryingOut = false

    init(
        _ configuration: SMTPConfiguration, limits: SMTPPoolLimits, eventLoop: any EventLoop,
        observer: (any SMTPPoolObserver)? = nil
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.observer = observer
        machine = PoolMachine(limits)
    }

    var figures: SMTPSessionPool.Figures { machine.figures }

    func open(_ message: any PoolMessage) {
        machine.submit(message, recipients: message.envelope.recipients.count, at: .now())
        carryOut()
    }

    func warmUp(_ count: Int, completion: @escaping (Result<Void, SMTPError>) -> Void) {
        warmUpCount += 1
        warmUps[warmUpCount] = completion
        machine.warmUp(warmUpCount, sessions: count)
        carryOut()
    }

    func shutdown(grace: Duration, completion: @escaping () -> Void) {
        shutdownCompletions.append(completion)
        machine.shutdown(grace: TimeAmount(grace), at: .now())
        carryOut()
    }

    // MARK: Actions

    private func carryOut() {
        guard !isCarryingOut else { return }
        isCarryingOut = true
        while let action = machine.nextAction() {
            switch action {
            case .connect: connect()
            case .abandonAttempts:
                for attempt in attempts { attempt.close("the pool is shut down", reason: .shutDown) }
            case .open(let message, let session, let patience):
                guard let place = place(session) else { continue }
                place.session.connection.open(message.envelope, patience: patience, completion: place.opened)
            case .fail(let message, let error): message.failed(error)
            case .takeBack(let session): place(session)?.session.connection.takeBackChained()
            case .probe(let session): place(session)?.session.connection.probe(within: machine.limits.probeTimeout)
            case .quit(let session):
                place(session)?.session.connection.quit(within: machine.limits.probeTimeout)
            case .close(let session):
                place(session)?.session.connection.close("the pool is shut down", reason: .shutDown)
            case .warmedUp(let number, let error):
                warmUps.removeValue(forKey: number)?(error.map { .failure($0) } ?? .success(()))
            case .setTimer(let time): setTimer(to: time)
            case .shutdownCompleted:
                let completions = shutdownCompletions
                shutdownCompletions = []
                for completion in completions { completion() }
            }
        }
        isCarryingOut = false
    }

    private func connect() {
        let attempt = SMTPSession.establish(configuration, on: eventLoop) { [self] result in
            attempts.removeAll { !$0.isBeingSetUp }
            switch result {
            case .success(let session): established(session)
            case .failure(let error):
                if !machine.isShutDown { observer?.sessionFailed(error) }
                machine.attemptFailed(error, at: .now())
            }
            carryOut()
        }
        if attempt.isBeingSetUp { attempts.append(attempt) }
    }

    private func established(_ session: SMTPSession) {
        let connection = session.connection
        observer?.sessionEstablished(
            connect: Duration(connection.setUp.connected - connection.setUp.created),
            tls: connection.setUp.tlsTook.map { Duration($0) })
        let identifier = machine.established(
            connection.capabilities.limits, createdAt: connection.setUp.created, at: .now())
        let opened: Connection.OpenCompletion = { [weak self] result in self?.opened(session, identifier, result) }
        if identifier.index == places.count { places.append(nil) }
        places[identifier.index] = Place(identifier: identifier, session: session, opened: opened)
        connection.owner = self
        connection.identifier = identifier
    }

    private func opened(
        _ session: SMTPSession, _ identifier: SessionID, _ result: Result<OpenedTransaction, SMTPError>
    ) {
        switch result {
        case .success(let recipients):
            let opened = SMTPSession.Opened(session.connection, recipients)
            if let message = machine.opened(identifier, at: .now()) {
                message.message.opened(OpenedInPool(session: session, opened: opened, waited: message.waited))
                // No effect if the content was sent in the call above.
                machine.contentDelayed(identifier, at: .now())
            } else {
                session.connection.abandon(transaction: opened.transaction)
            }
        case .failure(let error): machine.openFailed(identifier, error, at: .now())
        }
        carryOut()
    }

    private func place(_ session: SessionID) -> Place? {
        guard let place = places[session.index], place.identifier == session else { return nil }
        return place
    }

    private func setTimer(to time: NIODeadline) {
        timer?.cancel()
        timer = nil
        guard time < .distantFuture else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: time) { [weak self] in
            self?.machine.timePassed(at: .now())
            self?.carryOut()
        }
    }

    // MARK: Events of sessions

    func sessionBecameReady(_ session: SessionID) {
        machine.ready(session, at: .now())
        carryOut()
    }

    func sessionFinishes(_ session: SessionID) -> ChainedEnvelope? {
        guard let place = place(session) else { return nil }
        let next = machine.finishing(session, at: .now()) { place.session.connection.mayChain($0.envelope) }
        carryOut()
        return next.map {
            ChainedEnvelope(envelope: $0.message.envelope, patience: $0.patience, completion: place.opened)
        }
    }

    func sessionFinished(_ session: SessionID, isTaken: Bool, isReply: Bool) {
        machine.finished(session, isTaken: isTaken, isReply: isReply, at: .now())
        carryOut()
    }

    func sessionClosed(_ session: SessionID, error: SMTPError) {
        places[session.index] = nil
        machine.closed(session, error, at: .now())
        carryOut()
    }
}
