internal import CMicrohttpd
internal import Foundation
internal import Synchronization

/// A daemon of libmicrohttpd and the one thread that runs it.
///
/// The thread is ours and not one of libmicrohttpd's, for two reasons. In 0.9.75 `MHD_epoll` takes at most 128 events
/// at once, and where it got exactly 128 it waits for more, with the full timeout, before it handles the first: with 128
/// clients all of them could stand still for a minute. `MHD_run` never waits, so it does not happen here. And answers
/// that come while the thread is at work are taken over together, without waking it for each.
///
/// `@unchecked Sendable`: the daemon is touched by the thread alone once it runs; what other threads leave for it is
/// behind the lock.
@safe final class DaemonThread: @unchecked Sendable {
    /// What other threads leave for this one.
    private struct Inbox {
        var resumed: [SuspendedConnection] = []
        var quiesces = false
        var retires = false
        var hasStopped = false
        var whenStopped: (@Sendable () -> Void)?
        /// Whether the thread waits, or is about to, and must be woken.
        var isWaiting = false
    }

    /// Its number among the server's threads, from 0.
    let number: Int
    let dispatcher: RequestDispatcher
    /// Set once, before the thread starts.
    private var daemon: OpaquePointer?
    private let wakeUp: Int32
    /// The requests of which a piece of the body came in this turn, and not its end. For the thread alone.
    private var unfinished: [Exchange] = []
    private let inbox = Mutex(Inbox())
    let connections = ConnectionTable()
    let limits: ClientConnection.Limits
    /// The time of this turn, in milliseconds of `cmicrohttpd_now`.
    private(set) var now = cmicrohttpd_now()
    /// Whether others have taken over: each connection is closed after its next answer, and the thread ends with the last.
    private(set) var isRetiring = false

    /// Octets of what libmicrohttpd says when it refuses to start.
    private static let messageSize = 512

    /// Starts a daemon and its thread.
    ///
    /// - Parameters:
    ///   - settings: how the daemon is started; its texts are read before this returns.
    ///   - number: its number among the server's threads.
    ///   - limits: the time that clients have.
    ///   - dispatcher: what takes the requests.
    /// - Throws: ``Refusal`` where libmicrohttpd refuses, or the process may not open more files.
    static func start(
        _ settings: cmicrohttpd_settings, number: Int, _ limits: ClientConnection.Limits,
        _ dispatcher: RequestDispatcher
    ) throws(Refusal) -> DaemonThread {
        let wakeUp = cmicrohttpd_wake_up_create()
        guard wakeUp >= 0 else { throw Refusal(message: "") }
        let started = DaemonThread(number: number, wakeUp: wakeUp, limits, dispatcher)
        try unsafe started.startDaemon(settings)
        let thread = Thread { started.run() }
        thread.name = "http"
        thread.start()
        return started
    }

    private init(
        number: Int, wakeUp: Int32, _ limits: ClientConnection.Limits, _ dispatcher: RequestDispatcher
    ) {
        self.number = number
        self.wakeUp = wakeUp
        self.limits = limits
        self.dispatcher = dispatcher
    }

    private func startDaemon(_ wanted: cmicrohttpd_settings) throws(Refusal) {
        var settings = unsafe wanted
        var callbacks = Self.callbacks
        var message = [CChar](repeating: 0, count: Self.messageSize)
        // No callback comes but from `MHD_run` and `MHD_stop_daemon`, on the thread, and its closure holds this object.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe daemon = cmicrohttpd_start(&settings, &callbacks, context, &message, message.count)
        guard unsafe daemon == nil else { return }
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw Refusal(message: text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// What libmicrohttpd said when it refused to start.
    struct Refusal: Error {
        let message: String
    }

    deinit {
        close(wakeUp)
    }

    /// A piece of a request's body has come, and not its end.
    func watch(_ exchange: Exchange) {
        unfinished.append(exchange)
    }

    /// Makes libmicrohttpd read again where a client is gone.
    ///
    /// 0.9.75 takes a read that brings less than was asked for as a sign that there is nothing more, and waits for the
    /// next edge of epoll. Where the end of the connection had come together with the octets there is none, and it would
    /// be noticed after the idle timeout only.
    ///
    /// - Returns: whether there was one, so that the daemon has something to do.
    private func noticeEnds() -> Bool {
        guard !unfinished.isEmpty else { return false }
        var hasEnded = false
        for exchange in unfinished where exchange.noticeEnd() { hasEnded = true }
        unfinished.removeAll(keepingCapacity: true)
        return hasEnded
    }

    // MARK: From any thread

    /// Goes on with a connection, on the daemon's thread.
    func resume(_ connection: SuspendedConnection) {
        leave { $0.resumed.append(connection) }
    }

    /// Accepts no connection any more.
    func quiesce() {
        leave { $0.quiesces = true }
    }

    /// Accepts no connection any more, closes each after its next answer, and ends when there is none left.
    func retire() {
        leave { inbox in
            inbox.quiesces = true
            inbox.retires = true
        }
    }

    /// Whether the daemon has been stopped.
    var hasStopped: Bool { inbox.withLock { $0.hasStopped } }

    /// Stops the daemon and ends its thread. No connection may be suspended any more. To be called once.
    ///
    /// - Parameter whenStopped: called on the thread when the daemon has been stopped; at once where that was so.
    func stop(whenStopped: @escaping @Sendable () -> Void) {
        let hadStopped = inbox.withLock { inbox in
            if !inbox.hasStopped { inbox.whenStopped = whenStopped }
            return inbox.hasStopped
        }
        if hadStopped { whenStopped() } else { leave { _ in } }
    }

    private func leave(_ change: (inout sending Inbox) -> Void) {
        let mustWake = inbox.withLock { inbox in
            change(&inbox)
            defer { inbox.isWaiting = false }
            return inbox.isWaiting
        }
        if mustWake { cmicrohttpd_wake_up(wakeUp) }
    }

    // MARK: On the thread

    private func run() {
        var resumed: [SuspendedConnection] = []
        var whenStopped: (@Sendable () -> Void)?
        repeat {
            now = cmicrohttpd_now()
            let quiesces = inbox.withLock { inbox in
                inbox.isWaiting = false
                swap(&inbox.resumed, &resumed)
                whenStopped = inbox.whenStopped
                isRetiring = inbox.retires
                defer { inbox.quiesces = false }
                return inbox.quiesces
            }
            for connection in resumed { connection.goOn() }
            resumed.removeAll(keepingCapacity: true)
            if quiesces { _ = unsafe MHD_quiesce_daemon(daemon) }
            _ = unsafe MHD_run(daemon)
            let hasEnded = noticeEnds()
            dispatcher.handler.turnEnded()
            let overdue = connections.look(now: now)
            if overdue > 0 { dispatcher.handler.gaveUp(connections: overdue) }
            if isRetiring, connections.connections.isEmpty { break }
            if whenStopped == nil, !hasEnded, mayWait() {
                unsafe cmicrohttpd_wait(
                    daemon, wakeUp, connections.connections.isEmpty ? -1 : Int32(ConnectionTable.interval))
            }
        } while whenStopped == nil
        unsafe MHD_stop_daemon(daemon)
        let told = inbox.withLock { inbox in
            inbox.hasStopped = true
            return inbox.whenStopped
        }
        told?()
    }

    /// Whether nothing has been left for the thread; from here on it is woken for what is.
    private func mayWait() -> Bool {
        inbox.withLock { inbox in
            inbox.isWaiting = inbox.resumed.isEmpty && !inbox.quiesces && inbox.whenStopped == nil
            return inbox.isWaiting
        }
    }
}
