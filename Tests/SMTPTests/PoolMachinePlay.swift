import NIOCore

@testable import SMTP

/// Plays a pool machine: events in, at exact times, and the actions out as text. Messages are numbers, and so are sessions,
/// in the order in which they were set up. Times are milliseconds since the beginning.
struct PoolMachinePlay: ~Copyable {
    var machine: PoolMachine<Int>
    private(set) var time = 0
    /// When the machine wants to be woken.
    private(set) var timer: Int?
    private var sessions: [SessionID] = []

    init(_ change: (inout SMTPPoolLimits) -> Void = { _ in }) {
        var limits = SMTPPoolLimits()
        change(&limits)
        machine = PoolMachine(limits)
    }

    private static let beginning = NIODeadline.uptimeNanoseconds(3_600_000_000_000)
    private var now: NIODeadline { Self.beginning + .milliseconds(Int64(time)) }

    /// Lets time pass, and wakes the machine whenever it wants to be.
    mutating func wait(_ milliseconds: Int) -> [String] {
        let end = time + milliseconds
        var found: [String] = []
        while let timer, timer <= end {
            time = max(time, timer)
            self.timer = nil
            machine.timePassed(at: now)
            found += drain()
        }
        time = end
        return found
    }

    mutating func submit(_ message: Int, recipients: Int = 1) -> [String] {
        machine.submit(message, recipients: recipients, at: now)
        return drain()
    }

    /// A session is set up, and can take a message.
    mutating func established(_ bounds: Capabilities.Limits = Capabilities.Limits()) -> [String] {
        sessions.append(machine.established(bounds, createdAt: now, at: now))
        return ready(sessions.count - 1)
    }

    mutating func attemptFailed(_ error: SMTPError) -> [String] {
        machine.attemptFailed(error, at: now)
        return drain()
    }

    mutating func ready(_ session: Int) -> [String] {
        machine.ready(sessions[session], at: now)
        return drain()
    }

    /// The server waits for the content: which message is opened, and how long it has waited.
    mutating func opened(_ session: Int) -> [String] {
        let opened = machine.opened(sessions[session], at: now)
        return [opened.map { "opened \($0.message) after \($0.waited.nanoseconds / 1_000_000)" } ?? "none"] + drain()
    }

    mutating func contentDelayed(_ session: Int) -> [String] {
        let (identifier, now) = (sessions[session], now)
        machine.contentDelayed(identifier, at: now)
        return drain()
    }

    mutating func openFailed(_ session: Int, _ error: SMTPError) -> [String] {
        machine.openFailed(sessions[session], error, at: now)
        return drain()
    }

    /// The end of the message goes out: which one is chained to it.
    mutating func finishing(_ session: Int, takesChained: Bool = true) -> [String] {
        let next = machine.finishing(sessions[session], at: now) { _ in takesChained }
        return (next.map { ["chained \($0.message)"] } ?? []) + drain()
    }

    mutating func finished(_ session: Int, isTaken: Bool = true, isReply: Bool = true) -> [String] {
        machine.finished(sessions[session], isTaken: isTaken, isReply: isReply, at: now)
        return drain()
    }

    mutating func closed(_ session: Int, _ error: SMTPError = PoolMachinePlay.lost) -> [String] {
        machine.closed(sessions[session], error, at: now)
        return drain()
    }

    mutating func warmUp(_ number: Int, sessions: Int) -> [String] {
        machine.warmUp(number, sessions: sessions)
        return drain()
    }

    mutating func shutdown(grace: Int) -> [String] {
        machine.shutdown(grace: .milliseconds(Int64(grace)), at: now)
        return drain()
    }

    /// A message that is opened on a session, and taken so many milliseconds after its end: what is done then.
    mutating func carry(_ session: Int, replyAfter milliseconds: Int = 1) -> [String] {
        _ = opened(session)
        _ = finishing(session, takesChained: false)
        time += milliseconds
        return finished(session) + ready(session)
    }

    private mutating func drain() -> [String] {
        var found: [String] = []
        while let action = machine.nextAction() {
            switch action {
            case .connect: found.append("connect")
            case .abandonAttempts: found.append("abandon attempts")
            case .open(let message, let session, let patience):
                found.append("open \(message) on \(number(session))" + (patience == nil ? "" : " in \(text(patience))"))
            case .fail(let message, let error): found.append("fail \(message) \(text(error))")
            case .takeBack(let session): found.append("take back on \(number(session))")
            case .probe(let session): found.append("probe \(number(session))")
            case .quit(let session): found.append("quit \(number(session))")
            case .close(let session): found.append("close \(number(session))")
            case .warmedUp(let number, let error):
                found.append("warmed up \(number)" + (error.map { " " + text($0) } ?? ""))
            case .setTimer(.distantFuture): timer = nil
            case .setTimer(let time): timer = Int((time - Self.beginning).nanoseconds / 1_000_000)
            case .shutdownCompleted: found.append("shut down")
            }
        }
        return found
    }

    private func number(_ session: SessionID) -> Int { sessions.firstIndex(of: session) ?? -1 }

    private func text(_ patience: Duration?) -> String { patience.map { "\($0)" } ?? "" }

    private func text(_ error: SMTPError) -> String { "\(error.reason)" + (error.code.map { " \($0)" } ?? "") }

    static let lost = SMTPError(.connectionLost, stage: .mail, detail: "lost")

    static func refused(_ code: Int, at stage: SMTPStage) -> SMTPError {
        .refused(Reply(code: code, text: "no"), at: stage)
    }
}
