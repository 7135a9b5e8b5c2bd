internal import CMicrohttpd
internal import Foundation
internal import Synchronization

/// A daemon of libmicrohttpd and the one thread that runs it.
///
/// The thread is ours and not one of libmicrohttpd's, for three reasons. In 0.9.75 `MHD_epoll` takes at most 128 events
/// at once, and where it got exactly 128 it waits for more, with the full timeout, before it handles the first: with 128
/// clients all of them could stand still for a minute. `MHD_run` never waits, so it does not happen here. And responses
/// that come while the thread is at work are taken over together, without waking it for each. And it accepts connections
/// itself: once libmicrohttpd ran out of descriptors, it may never accept again.
///
/// `@unchecked Sendable`: the daemon is touched by the thread alone once it runs; what other threads leave for it is
/// behind the lock.
@safe final class DaemonThread: @unchecked Sendable {
    /// What other threads leave for this one.
    private struct Inbox {
        var resumed: [SuspendedConnection] = []
        /// Connections whose bodies have room again.
        var goOn: [ClientConnection] = []
        /// Responses that may not wait for the rest of a body.
        var responses: [(HTTPResponse, Exchange)] = []
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
    private let listener: Int32
    /// Connections at once, of this thread.
    private let connectionLimit: Int
    /// Whether the daemon speaks TLS.
    let isTLS: Bool
    /// Where octets are read to. What is kept of them is copied.
    let scratch: UnsafeMutableRawBufferPointer
    /// Connections to be read again in which libmicrohttpd knows of nothing to read. For the thread alone.
    private var unread: [ClientConnection] = []
    /// When connections are accepted again, after the process ran out of something.
    private var acceptsAgain: Int64 = 0
    private var isQuiet = false
    /// Whether a connection was resumed after libmicrohttpd's turn, so that it needs another turn at once.
    private var hasResumed = false
    private let inbox = Mutex(Inbox())
    let connections = ConnectionTable()
    let limits: ClientConnection.Limits
    /// The time of this turn, in milliseconds of `cmicrohttpd_now`.
    private(set) var now = cmicrohttpd_now()
    /// Whether others have taken over: each connection is closed after its next answer, and the thread ends with the last.
    private(set) var isRetiring = false

    /// Octets of what libmicrohttpd says when it refuses to start.
    private static let messageSize = 512
    /// Octets that are read at once, and a body's reader gets at most.
    private static let scratchSize = 64 * 1024
    /// Connections that are accepted in one turn, so that those which are there are not kept waiting.
    private static let acceptedPerTurn = 64
    /// How long no connection is accepted after the process ran out of descriptors or memory, in milliseconds. The next try
    /// succeeds as soon as there are some again.
    private static let acceptPause: Int64 = 100

    /// Starts a daemon and its thread.
    ///
    /// - Parameters:
    ///   - settings: how the daemon is started; its texts are read before this returns.
    ///   - listener: the socket that it accepts connections from.
    ///   - connectionLimit: connections at once, of this thread.
    ///   - number: its number among the server's threads.
    ///   - limits: the time that clients have.
    ///   - dispatcher: what takes the requests.
    /// - Throws: ``Refusal`` where libmicrohttpd refuses, or the process may not open more files.
    static func start(
        _ settings: cmicrohttpd_settings, on listener: Int32, connectionLimit: Int, number: Int,
        _ limits: ClientConnection.Limits, _ dispatcher: RequestDispatcher
    ) throws(Refusal) -> DaemonThread {
        let wakeUp = cmicrohttpd_wake_up_create()
        guard wakeUp >= 0 else { throw Refusal(message: "") }
        let started = DaemonThread(
            number: number, wakeUp: wakeUp, listener, connectionLimit, isTLS: unsafe settings.tls_certificate != nil,
            limits, dispatcher)
        try unsafe started.startDaemon(settings)
        let thread = Thread { started.run() }
        thread.name = "http"
        thread.start()
        return started
    }

    private init(
        number: Int, wakeUp: Int32, _ listener: Int32, _ connectionLimit: Int, isTLS: Bool,
        _ limits: ClientConnection.Limits, _ dispatcher: RequestDispatcher
    ) {
        self.number = number
        self.wakeUp = wakeUp
        self.listener = listener
        self.connectionLimit = connectionLimit
        self.isTLS = isTLS
        unsafe scratch = .allocate(byteCount: Self.scratchSize, alignment: 16)
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
        unsafe scratch.deallocate()
    }

    // MARK: From any thread

    /// Goes on with a connection, on the daemon's thread.
    func resume(_ connection: SuspendedConnection) {
        leave { $0.resumed.append(connection) }
    }

    /// Reads on, because the body of a connection's request has room again.
    func goOn(_ client: ClientConnection) {
        leave { $0.goOn.append(client) }
    }

    /// Responds to a request, without waiting for the rest of its body.
    func respond(_ response: HTTPResponse, to exchange: Exchange) {
        leave { $0.responses.append((response, exchange)) }
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

    /// Reads a connection again after this turn: there may be octets of which no event tells.
    func readAgain(_ client: ClientConnection) {
        unread.append(client)
    }

    /// Gives libmicrohttpd another turn before the thread waits: nothing tells it of a connection that was resumed here.
    func runAgain() { hasResumed = true }

    private func run() {
        // Nobody reads for the daemon but this thread, which holds this object.
        unsafe cmicrohttpd_read_with(Self.reader, Unmanaged.passUnretained(self).toOpaque(), isTLS ? 1 : 0)
        var taken = Inbox()
        repeat {
            now = cmicrohttpd_now()
            takeInbox(into: &taken)
            for connection in taken.resumed { connection.goOn() }
            for client in taken.goOn where client.isOpen { client.goOn() }
            for (response, exchange) in taken.responses { exchange.respondAtOnce(response) }
            hasResumed = false
            _ = unsafe MHD_run(daemon)
            if !unread.isEmpty { readUnread() }
            dispatcher.handler.turnEnded()
            let overdue = connections.look(now: now)
            if overdue > 0 { dispatcher.handler.gaveUp(connections: overdue) }
            if isRetiring, connections.count == 0 { break }
            if taken.whenStopped == nil { waitAndAccept() }
        } while taken.whenStopped == nil
        unsafe MHD_stop_daemon(daemon)
        let told = inbox.withLock { inbox in
            inbox.hasStopped = true
            return inbox.whenStopped
        }
        told?()
    }

    private func readUnread() {
        // Each may ask for another turn.
        let clients = unread
        unread = []
        for client in clients { client.look() }
    }

    private func takeInbox(into taken: inout Inbox) {
        taken.resumed.removeAll(keepingCapacity: true)
        // Rare, so that most turns have nothing to empty.
        if !taken.goOn.isEmpty { taken.goOn = [] }
        if !taken.responses.isEmpty { taken.responses = [] }
        inbox.withLock { inbox in
            inbox.isWaiting = false
            swap(&inbox.resumed, &taken.resumed)
            if !inbox.goOn.isEmpty { swap(&inbox.goOn, &taken.goOn) }
            if !inbox.responses.isEmpty { swap(&inbox.responses, &taken.responses) }
            taken.whenStopped = inbox.whenStopped
            isRetiring = inbox.retires
            isQuiet = inbox.quiesces
        }
    }

    private func waitAndAccept() {
        let count = connections.count
        let pauses = now < acceptsAgain
        let accepts = !isQuiet && !pauses && count < connectionLimit
        var most = pauses ? Int32(Self.acceptPause) : count == 0 ? -1 : Int32(ConnectionTable.interval)
        if !unread.isEmpty || hasResumed || !mayWait() { most = 0 }
        guard unsafe cmicrohttpd_wait(daemon, wakeUp, accepts ? listener : -1, most) != 0 else { return }
        now = cmicrohttpd_now()
        for _ in 0..<Self.acceptedPerTurn where connections.count < connectionLimit {
            guard accept() else { return }
        }
    }

    /// Accepts a connection.
    ///
    /// - Returns: whether there may be another.
    private func accept() -> Bool {
        var peer = cmicrohttpd_peer()
        switch unsafe cmicrohttpd_accept(listener, &peer) {
        case 0: break
        // The client went away in between.
        case -ECONNABORTED, -EINTR, -EPROTO: return true
        case -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM:
            acceptsAgain = now + Self.acceptPause
            return false
        default: return false
        }
        let address = HTTPClientAddress(unsafe cmicrohttpd_peer_address(&peer))
        if dispatcher.addressCounts?.allows(address) == false {
            close(peer.socket)
        } else {
            _ = unsafe cmicrohttpd_add(daemon, &peer)
        }
        return true
    }

    /// Whether nothing has been left for the thread; from here on it is woken for what is.
    private func mayWait() -> Bool {
        inbox.withLock { inbox in
            inbox.isWaiting =
                inbox.resumed.isEmpty && inbox.goOn.isEmpty && inbox.responses.isEmpty && inbox.quiesces == isQuiet
                && inbox.whenStopped == nil
            return inbox.isWaiting
        }
    }
}
