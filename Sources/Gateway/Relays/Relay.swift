internal import Logging
internal import NIOCore
internal import Records
internal import SMTP
internal import Settings
internal import Synchronization

/// A relay at work: its pool of sessions, its circuit breaker, and its rate.
///
/// It ends by itself when the last message that uses it has been answered: so a reload takes nothing from messages under
/// way.
final class Relay: Sendable {
    /// What stands between a message and the relay.
    enum Admission {
        /// It may be sent after so long, without a wait mostly.
        case pass(after: Duration)
        /// The circuit breaker is open for so long; the relay failed with this error.
        case broken(SMTPError?, retryAfter: Duration)
        /// The relay's rate is used up for longer than a message may wait.
        case throttled(retryAfter: Duration)
    }

    /// A rate that all loops share.
    private final class SharedRate: Sendable {
        let machine: Mutex<MessageRate>
        /// What the store of records is asked if other instances share the rate.
        let request: TurnRequest

        init(_ rates: [Rate], of configuration: RelayConfiguration) {
            machine = Mutex(MessageRate(rates))
            request = TurnRequest(
                relay: configuration.name, windows: rates.map { .init(count: $0.count, period: $0.period) },
                patience: configuration.pool.queueTimeout)
        }
    }

    let configuration: RelayConfiguration
    let pool: SMTPSessionPool
    private let tokens: RelayAccessTokens
    private let breaker: Mutex<(machine: CircuitBreaker, lastError: SMTPError?)>
    /// Whether there is nothing that a success would change: then a message takes no lock.
    private let isUntroubled = Atomic<Bool>(true)
    /// Nil where the relay has no rate: then there is nothing to lock.
    private let rate: SharedRate?
    /// Where instances take turns, if they share the rate.
    private let records: (any RecordStore)?
    private let isShutDown = Atomic<Bool>(false)
    private let observer: RelayMetrics?

    var name: String { configuration.name }
    /// How sessions with the relay are set up.
    var smtp: SMTPConfiguration { tokens.smtp }

    init(
        _ configuration: RelayConfiguration, on eventLoops: [any EventLoop], metrics: RelayMetrics? = nil,
        records: (any RecordStore)? = nil, after former: Relay? = nil, logger: Logger
    ) {
        self.configuration = configuration
        observer = metrics
        tokens = RelayAccessTokens(configuration, on: eventLoops[0], logger: logger)
        pool = SMTPSessionPool(tokens.smtp, limits: configuration.pool, on: eventLoops, observer: metrics)
        breaker = Mutex(
            (CircuitBreaker(failures: configuration.breakerFailures, pause: configuration.breakerPause), nil))
        // A relay that only logs in anew, or has another certificate, still counts what was sent before.
        if let rates = configuration.rates, rates == former?.configuration.rates,
            configuration.pool.queueTimeout == former?.configuration.pool.queueTimeout
        {
            rate = former?.rate
        } else {
            rate = configuration.rates.map { SharedRate($0, of: configuration) }
        }
        self.records = records?.sharesTurns == true ? records : nil
    }

    deinit {
        guard !isShutDown.load(ordering: .relaxed) else { return }
        Task { [pool, tokens] in
            await pool.shutdown()
            await tokens.stop()
        }
    }

    /// Ends the pool; ``deinit`` leaves it alone then.
    func shutdown(grace: Duration) async {
        isShutDown.store(true, ordering: .relaxed)
        await pool.shutdown(grace: grace)
        await tokens.stop()
    }

    // MARK: A message's way

    /// Whether every message may be sent at once: then ``turn()`` would say so, and change nothing.
    var admitsAll: Bool { rate == nil && isUntroubled.load(ordering: .relaxed) }

    /// Whether and when a message may be sent. Each one that passes is followed by ``answered()`` or
    /// ``ended(with:)``.
    func turn() async -> Admission {
        if let admission = ownTurn() { admission } else { await sharedTurn() }
    }

    /// - Returns: nil if other instances share the relay's rate: then ``sharedTurn()`` says when the message may be sent.
    private func ownTurn() -> Admission? {
        if !isUntroubled.load(ordering: .relaxed) {
            let refused: Admission? = breaker.withLock { breaker in
                guard case .refuse(let time) = breaker.machine.admit(at: .now) else { return nil }
                return .broken(breaker.lastError, retryAfter: time)
            }
            if let refused { return refused }
        }
        guard let rate else { return .pass(after: .zero) }
        guard records == nil else { return nil }
        return admission(rate.machine.withLock { $0.takeTurn(at: .now, patience: rate.request.patience) })
    }

    /// When a message may be sent whose turn all instances decide on. If their store does not answer, this instance limits
    /// its own messages, counting those that it sent before.
    @inline(never)
    private func sharedTurn() async -> Admission {
        guard let rate else { return .pass(after: .zero) }
        if let turn = try? await records?.takeTurn(rate.request) {
            if case .after(let wait) = turn { rate.machine.withLock { $0.note(.now + wait) } }
            return admission(turn)
        }
        return admission(rate.machine.withLock { $0.takeTurn(at: .now, patience: rate.request.patience) })
    }

    private func admission(_ turn: Turn) -> Admission {
        switch turn {
        case .after(let wait): return .pass(after: wait)
        case .refuse(let time):
            gaveUp()
            observer?.throttled()
            return .throttled(retryAfter: time)
        }
    }

    /// The relay answered to a message, be it with a refusal of that message.
    func answered() {
        guard !isUntroubled.load(ordering: .relaxed) else { return }
        breaker.withLock { breaker in
            breaker.machine.succeeded()
            isUntroubled.store(breaker.machine.isUntroubled, ordering: .relaxed)
        }
    }

    /// The relay could not be used.
    private func failed(_ error: SMTPError) {
        let opened = breaker.withLock { breaker in
            isUntroubled.store(false, ordering: .relaxed)
            breaker.lastError = error
            return breaker.machine.failed(at: .now)
        }
        if opened { observer?.breakerOpened() }
    }

    /// A message that had passed failed, through the relay's fault or not.
    func ended(with error: SMTPError) {
        if error.isOfTheRelay {
            failed(error)
        } else if error.reason == .refused {
            answered()
        } else {
            gaveUp()
        }
    }

    /// Nothing was learnt about the relay.
    private func gaveUp() {
        guard !isUntroubled.load(ordering: .relaxed) else { return }
        breaker.withLock { $0.machine.gaveUp(at: .now) }
    }

    /// A probe found the relay well.
    func probeSucceeded() {
        guard !isUntroubled.load(ordering: .relaxed) else { return }
        breaker.withLock { breaker in
            breaker.machine.probeSucceeded()
            isUntroubled.store(true, ordering: .relaxed)
        }
    }

    /// The breaker's state, for the metrics.
    var breakerState: CircuitBreaker.State { breaker.withLock { $0.machine.state } }
}

extension SMTPError {
    /// Whether the relay is to blame, and not the message: it could not be reached, fell silent, or let nobody in.
    var isOfTheRelay: Bool {
        switch reason {
        // It took the envelope, and what it saw of the content made it hang up: the next message may fare better.
        case .connectionLost where stage == .content: false
        case .unreachable, .timedOut, .connectionLost, .protocolViolation, .tls, .authenticationUnavailable,
            .noAccessToken,
            .accessTokenRefused:
            true
        // 421: the server is about to close (RFC 5321, section 3.8).
        case .refused: isBeforeMail || code == 421
        default: false
        }
    }

    /// Whether the session was still being set up.
    var isBeforeMail: Bool {
        switch stage {
        case .connect, .greeting, .ehlo, .startTLS, .auth: true
        case .mail, .rcpt, .data, .content, .quit: false
        }
    }

    /// Whether another relay may be asked: the message was certainly not taken, and not refused for good.
    var allowsFallback: Bool {
        guard outcome == .notSent else { return false }
        switch reason {
        case .shutDown, .invalidUse: return false
        case .refused: return isOfTheRelay || isTransient
        default: return true
        }
    }
}
