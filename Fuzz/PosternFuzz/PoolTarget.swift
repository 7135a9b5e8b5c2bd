import NIOCore

@testable import SMTP

/// A pool's decisions under any events at any times, those included that do not fit: each message is completed once, and
/// never again after it was opened, for its end may have gone out; what the pool itself fails was not sent; no session takes
/// two messages at once, or more than its limits; there are no more sessions than are allowed; the timer is set while a message
/// waits or a session rests; and a shutdown comes to its end.
enum PoolTarget {
    static func run(_ bytes: [UInt8]) {
        var driver = Driver(bytes)
        driver.play()
    }

    /// What a session may end with. The first one is of a message that has gone out.
    private static let errors = [
        SMTPError(.connectionLost, stage: .content, outcome: .unknown, detail: "lost"),
        SMTPError(.connectionLost, stage: .mail, detail: "lost"),
        SMTPError(.timedOut, stage: .mail, detail: "silent"),
        SMTPError(.protocolViolation, stage: .rcpt, detail: "nonsense"),
        SMTPError(.messageTooLarge, stage: .mail, detail: "too large"),
        SMTPError.refused(Reply(code: 451, text: "later"), at: .mail),
        SMTPError.refused(Reply(code: 550, text: "no"), at: .rcpt),
        SMTPError.refused(Reply(code: 503, text: "sequence"), at: .data),
        SMTPError.refused(Reply(code: 421, text: "bye"), at: .rcpt),
    ]

    /// What a pool's shell knows.
    private struct Driver: ~Copyable {
        private struct Session {
            let identifier: SessionID
            let most: Int
            var transactions = 0
            var isOpening = false
            /// Whether the content of a message is being written, or waits for its reply.
            var isBusy = false
            var isLeaving = false
            var isClosed = false
        }

        private var input: Input
        private var machine: PoolMachine<Int>
        private let limits: SMTPPoolLimits
        private var now = NIODeadline.uptimeNanoseconds(3_600_000_000_000)
        private var timer = NIODeadline.distantFuture
        private var sessions: [Session] = []
        private var attempts = 0
        /// Whether each message was completed.
        private var messages: [Bool] = []
        /// Whether each warm-up was answered.
        private var warmUps: [Bool] = []
        private var shutdowns = 0
        private var isShutDown = false

        init(_ bytes: [UInt8]) {
            input = Input(bytes)
            let flags = input.byte()
            var limits = SMTPPoolLimits()
            limits.sessions = Int(flags & 3) + 1
            limits.queueLength = flags & 4 == 0 ? 3 : 100
            limits.messagesPerSession = flags & 8 == 0 ? nil : 2
            limits.chainsTransactions = flags & 16 == 0
            limits.promptSessions = flags & 32 == 0 ? 1 : 5
            limits.probeAfter = flags & 64 == 0 ? .seconds(20) : .zero
            self.limits = limits
            machine = PoolMachine(limits)
        }

        mutating func play() {
            while !input.isEmpty { step(input.byte()) }
            end()
        }

        private mutating func step(_ event: UInt8) {
            switch event {
            case 0..<60:
                messages.append(false)
                machine.submit(messages.count - 1, recipients: event % 8 == 0 ? 101 : 1, at: now)
            case 60..<84: establish(LIMITS: input.byte())
            case 84..<90: failAttempt()
            case 90..<228: tell(event)
            case 228..<245: pass(.milliseconds(Int64(event - 228) * Int64(event - 228) * 300))
            case 245..<249:
                warmUps.append(false)
                machine.warmUp(warmUps.count - 1, sessions: Int(event - 244))
            case 249: shutDown(grace: .milliseconds(Int64(input.byte())))
            default: pass(.milliseconds(Int64(event - 249)))
            }
            carryOut()
        }

        /// Something happens to a session, which may be one that has ended.
        private mutating func tell(_ event: UInt8) {
            let index = Int(input.byte())
            guard !sessions.isEmpty else { return }
            let number = index % sessions.count
            let session = sessions[number].identifier
            var error = PoolTarget.errors[Int(event) % PoolTarget.errors.count]
            // Of a message whose content has not begun nothing can be unknown.
            if case .opening = machine[session]?.state, error.outcome == .unknown { error = PoolTarget.errors[1] }
            switch event {
            case 90..<125:
                // Its message failed before its end.
                if case .open = machine[session]?.state { sessions[number].isBusy = false }
                machine.ready(session, at: now)
            case 125..<155:
                guard let opened = machine.opened(session, at: now) else { return }
                ensure(!sessions[number].isClosed && sessions[number].isOpening, "opened where nothing was")
                sessions[number].isOpening = false
                sessions[number].isBusy = true
                complete(opened.message)
                let time = now
                if event % 2 == 0 { machine.contentDelayed(session, at: time) }
            case 155..<170:
                // A message that is chained, and whose turn has not come, cannot have failed.
                if case .opening = machine[session]?.state {
                    sessions[number].isOpening = false
                    if error.isRefusedLocally { sessions[number].transactions -= 1 }
                }
                machine.openFailed(session, error, at: now)
            case 170..<195:
                if machine.finishing(session, at: now, mayFollow: { _ in event % 4 != 0 }) != nil {
                    ensure(!sessions[number].isClosed && !sessions[number].isLeaving, "chained to nothing")
                    sessions[number].isOpening = true
                    sessions[number].transactions += 1
                }
            case 195..<218:
                if case .finishing = machine[session]?.state { sessions[number].isBusy = false }
                machine.finished(session, isTaken: event % 2 == 0, isReply: event % 4 != 1, at: now)
            default: close(number, error)
            }
        }

        private mutating func establish(LIMITS bound: UInt8) {
            guard attempts > 0 else { return }
            attempts -= 1
            var bounds = Capabilities.Limits()
            if bound % 4 == 1 { bounds.mailMaximum = Int(bound % 8) }
            if bound % 4 == 2 { bounds.recipientDomainMaximum = 3 }
            let most = bound % 4 == 2 ? 1 : min(limits.messagesPerSession ?? .max, bounds.mailMaximum ?? .max)
            let identifier = machine.established(bounds, createdAt: now, at: now)
            ensure(!sessions.contains { $0.identifier == identifier }, "one identifier for two sessions")
            sessions.append(Session(identifier: identifier, most: most))
            machine.ready(identifier, at: now)
        }

        private mutating func failAttempt() {
            guard attempts > 0 else { return }
            attempts -= 1
            machine.attemptFailed(PoolTarget.errors[1], at: now)
        }

        private mutating func close(_ number: Int, _ error: SMTPError) {
            machine.closed(sessions[number].identifier, error, at: now)
            sessions[number].isClosed = true
        }

        private mutating func pass(_ time: TimeAmount) {
            now = now + time
            guard timer <= now else { return }
            timer = .distantFuture
            machine.timePassed(at: now)
            carryOut()
            ensure(timer > now, "the timer is due again at once")
        }

        private mutating func shutDown(grace: TimeAmount) {
            shutdowns += 1
            machine.shutdown(grace: grace, at: now)
        }

        private mutating func complete(_ message: Int) {
            ensure(!messages[message], "message \(message) is completed twice")
            messages[message] = true
        }

        private mutating func carryOut() {
            while let action = machine.nextAction() {
                switch action {
                case .connect: attempts += 1
                case .abandonAttempts: while attempts > 0 { failAttempt() }
                case .open(let message, let session, _): open(message, session)
                case .fail(let message, let error):
                    complete(message)
                    ensure(error.outcome == .notSent, "message \(message) was not sent, and failed with \(error)")
                case .probe(let session): ensure(find(session) != nil, "a probe of nothing")
                case .quit(let session):
                    if let number = find(session) {
                        ensure(!sessions[number].isLeaving, "QUIT twice")
                        sessions[number].isLeaving = true
                    }
                case .takeBack(let session):
                    if let number = find(session) { sessions[number].isOpening = false }
                case .close(let session): ensure(find(session) != nil, "the end of nothing")
                case .warmedUp(let number, _):
                    ensure(!warmUps[number], "warm-up \(number) is answered twice")
                    warmUps[number] = true
                case .setTimer(let time): timer = time
                case .shutdownCompleted:
                    ensure(shutdowns > 0 && sessions.allSatisfy(\.isClosed), "shut down too early")
                    isShutDown = true
                }
            }
            let figures = machine.figures
            ensure(figures.sessions + figures.connecting <= limits.sessions, "too many sessions")
            ensure(figures.connecting == attempts, "\(figures.connecting) attempts, and \(attempts) under way")
            ensure(figures.idle <= figures.sessions && machine.probing >= 0, "more idle sessions than there are")
            let awaiting = machine.table.count { if case .open(.awaited)? = $0?.state { true } else { false } }
            ensure(machine.awaitingContent == awaiting, "\(machine.awaitingContent) counted, \(awaiting) await content")
            ensure(
                figures.waiting == 0 || timer <= now + TimeAmount(limits.queueTimeout),
                "a message waits, and the timer is set to \(timer)")
            ensure(
                figures.idle == 0 || timer <= now + TimeAmount(limits.idleTimeout),
                "a session rests, and the timer is set to \(timer)")
        }

        /// The session of that name, if it has not ended: an action may be about one that ended since.
        private func find(_ session: SessionID) -> Int? {
            sessions.firstIndex { $0.identifier == session && !$0.isClosed }
        }

        private mutating func open(_ message: Int, _ session: SessionID) {
            guard let number = find(session) else { return }
            ensure(!messages[message], "message \(message) is opened after its completion")
            ensure(!sessions[number].isLeaving, "a message for a session that was told to end")
            ensure(!sessions[number].isOpening && !sessions[number].isBusy, "two messages at once on a session")
            sessions[number].isOpening = true
            sessions[number].transactions += 1
            ensure(
                sessions[number].transactions <= max(1, sessions[number].most), "more messages than the session takes")
        }

        private mutating func end() {
            shutDown(grace: .zero)
            carryOut()
            pass(.seconds(1))
            for number in sessions.indices where !sessions[number].isClosed { close(number, PoolTarget.errors[1]) }
            carryOut()
            ensure(isShutDown, "the shutdown does not end")
            ensure(messages.allSatisfy { $0 }, "a message is not completed")
            ensure(warmUps.allSatisfy { $0 }, "a warm-up is not answered")
        }
    }
}
