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
        var whenStopped: (@Sendable () -> Void)?
        /// Whether the thread waits, or is about to, and must be woken.
        var isWaiting = false
    }

    /// Its number among the server's threads, from 0.
    let number: Int
    private let dispatcher: RequestDispatcher
    /// Set once, before the thread starts.
    private var daemon: OpaquePointer?
    private let wakeUp: Int32
    /// The requests of which a piece of the body came in this turn, and not its end. For the thread alone.
    private var unfinished: [Exchange] = []
    private let inbox = Mutex(Inbox())

    /// Starts a daemon and its thread.
    ///
    /// - Returns: nil where libmicrohttpd refuses, or the process may not open more files.
    static func start(_ settings: cmicrohttpd_settings, number: Int, _ dispatcher: RequestDispatcher) -> DaemonThread? {
        let wakeUp = cmicrohttpd_wake_up_create()
        guard wakeUp >= 0 else { return nil }
        let started = DaemonThread(number: number, wakeUp: wakeUp, dispatcher)
        guard unsafe started.startDaemon(settings) else { return nil }
        let thread = Thread { started.run() }
        thread.name = "http"
        thread.start()
        return started
    }

    private init(number: Int, wakeUp: Int32, _ dispatcher: RequestDispatcher) {
        self.number = number
        self.wakeUp = wakeUp
        self.dispatcher = dispatcher
    }

    private func startDaemon(_ wanted: cmicrohttpd_settings) -> Bool {
        var settings = unsafe wanted
        // No callback comes but from `MHD_run` and `MHD_stop_daemon`, on the thread, and its closure holds this object.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe daemon = cmicrohttpd_start(
            &settings,
            { context, connection, url, method, _, piece, size, slot in
                guard let context = unsafe context, let connection = unsafe connection, let url = unsafe url,
                    let method = unsafe method, let size = unsafe size, let slot = unsafe slot
                else { return .NO }
                let thread = unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue()
                guard let stored = unsafe slot.pointee else {
                    return unsafe thread.dispatcher.begin(connection, of: thread, url: url, method: method, slot: slot)
                }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeUnretainedValue()
                return unsafe thread.dispatcher.go(on: connection, of: thread, with: exchange, piece: piece, size: size)
            },
            { context, _, slot, reason in
                guard let context = unsafe context, let stored = unsafe slot?.pointee else { return }
                unsafe slot?.pointee = nil
                // The counterpart of `passRetained` in `begin`; libmicrohttpd calls this once for each request.
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeRetainedValue()
                unsafe Unmanaged<DaemonThread>.fromOpaque(context).takeUnretainedValue().dispatcher.end(
                    exchange, reason)
            }, context)
        return unsafe daemon != nil
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

    /// Stops the daemon and ends its thread. No connection may be suspended any more. To be called once.
    ///
    /// - Parameter whenStopped: called on the thread when the daemon has been stopped.
    func stop(whenStopped: @escaping @Sendable () -> Void) {
        leave { $0.whenStopped = whenStopped }
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
            let quiesces = inbox.withLock { inbox in
                inbox.isWaiting = false
                swap(&inbox.resumed, &resumed)
                whenStopped = inbox.whenStopped
                defer { inbox.quiesces = false }
                return inbox.quiesces
            }
            for connection in resumed { connection.goOn() }
            resumed.removeAll(keepingCapacity: true)
            if quiesces { _ = unsafe MHD_quiesce_daemon(daemon) }
            _ = unsafe MHD_run(daemon)
            let hasEnded = noticeEnds()
            dispatcher.handler.turnEnded()
            if whenStopped == nil, !hasEnded, mayWait() { unsafe cmicrohttpd_wait(daemon, wakeUp) }
        } while whenStopped == nil
        unsafe MHD_stop_daemon(daemon)
        whenStopped?()
    }

    /// Whether nothing has been left for the thread; from here on it is woken for what is.
    private func mayWait() -> Bool {
        inbox.withLock { inbox in
            inbox.isWaiting = inbox.resumed.isEmpty && !inbox.quiesces && inbox.whenStopped == nil
            return inbox.isWaiting
        }
    }
}
