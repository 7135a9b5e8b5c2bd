internal import CMicrohttpd
internal import Dispatch
internal import Foundation
public import Logging
internal import Synchronization

/// An HTTP server on libmicrohttpd: epoll on a few threads of its own, and no thread waits for an answer.
public final class HTTPServer: Sendable {
    /// The port that is listened on.
    public let port: Int

    /// Octets that libmicrohttpd gets for each connection: it holds the request line that it is given, and the header
    /// section of a response. Requests are kept elsewhere.
    private static let connectionMemory = 4096

    private let dispatcher: RequestDispatcher
    private let configuration: HTTPServerConfiguration
    /// A daemon each, all on one listening socket; and those that retired, which end with their last connection.
    private let threads = Mutex<(current: [DaemonThread], retired: [DaemonThread])>(([], []))
    private let listener: Int32

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - configuration: where and how it listens; port 0 takes a free port.
    ///   - handler: what answers.
    ///   - logger: where it says that a limit of the process is lower than wanted.
    /// - Throws: ``HTTPServerError`` where it cannot listen.
    public static func start(
        _ configuration: HTTPServerConfiguration, handler: any HTTPHandler, logger: Logger
    ) throws(HTTPServerError) -> HTTPServer {
        guard cmicrohttpd_can_read() != 0 else {
            throw HTTPServerError(
                .cannotStart(message: "libmicrohttpd was linked so that its reads cannot be checked"),
                host: configuration.host, port: configuration.port)
        }
        let connections = Self.connectionLimit(configuration, logger)
        var port: UInt16 = 0
        let backlog = Int32(clamping: configuration.backlog)
        let listener =
            if let inherited = configuration.inheritedSocket {
                inherited.descriptor
            } else if let path = configuration.path {
                unsafe cmicrohttpd_listen_unix(path, backlog)
            } else {
                unsafe cmicrohttpd_listen(configuration.host, UInt16(clamping: configuration.port), backlog, &port)
            }
        guard listener >= 0 else {
            throw HTTPServerError(.cannotListen(errno: -listener), host: configuration.host, port: configuration.port)
        }
        if let inherited = configuration.inheritedSocket { port = UInt16(clamping: inherited.port) }
        var configuration = configuration
        configuration.connectionLimit = connections
        let server = HTTPServer(port: Int(port), listener: listener, configuration, handler)
        do throws(DaemonThread.Refusal) {
            try server.startThreads(configuration.tls)
        } catch {
            close(listener)
            throw HTTPServerError(
                .cannotStart(message: error.message), host: configuration.host, port: configuration.port)
        }
        return server
    }

    /// The limit of connections, below the descriptors that the process may have: those that clients cannot take are left
    /// for sessions with relays, files and the log.
    private static func connectionLimit(_ configuration: HTTPServerConfiguration, _ logger: Logger) -> Int {
        let wanted = configuration.connectionLimit + configuration.reservedDescriptors
        let files = Int(clamping: cmicrohttpd_raise_open_files(UInt64(clamping: wanted)))
        guard files < wanted else { return configuration.connectionLimit }
        // Half of them at least, if there are fewer than the reserve.
        let limit = max(1, files - min(configuration.reservedDescriptors, files / 2))
        logger.warning(
            "the limit of open files is too low for the connections allowed; fewer are accepted at once",
            metadata: [
                "open_files": "\(files)", "wanted": "\(configuration.connectionLimit)", "connections": "\(limit)",
            ])
        return min(limit, configuration.connectionLimit)
    }

    private init(port: Int, listener: Int32, _ configuration: HTTPServerConfiguration, _ handler: any HTTPHandler) {
        self.port = port
        self.listener = listener
        self.configuration = configuration
        let pace = BodyPace.Limits(
            grace: .seconds(configuration.bodyGrace), rate: max(1, configuration.minimumBodyRate))
        dispatcher = RequestDispatcher(handler, pace: pace, connectionsPerAddress: configuration.connectionsPerAddress)
    }

    /// Takes another certificate. New connections get it at once; those that are there end with their next answer, and no
    /// request is lost.
    ///
    /// - Throws: ``HTTPServerError`` where certificate and key cannot be used; then everything stays as it was.
    public func replaceTLS(_ tls: HTTPServerConfiguration.TLS) throws(HTTPServerError) {
        do throws(DaemonThread.Refusal) {
            try startThreads(tls)
        } catch {
            throw HTTPServerError(
                .cannotStart(message: error.message), host: configuration.host, port: configuration.port)
        }
    }

    /// Starts the threads that take the connections from now on, in place of those that did.
    private func startThreads(_ tls: HTTPServerConfiguration.TLS?) throws(DaemonThread.Refusal) {
        let wanted = max(1, configuration.threads)
        let limits = ClientConnection.Limits(
            request: configuration.requestTimeout.milliseconds, idle: configuration.idleTimeout.milliseconds,
            section: configuration.maximumHeaderBytes, trustedProxies: configuration.trustedProxies)
        // Rounded up, so that the limit is one of all threads together.
        let connections = (configuration.connectionLimit + wanted - 1) / wanted
        var settings = unsafe cmicrohttpd_settings()
        unsafe settings.connection_limit = UInt32(clamping: connections)
        unsafe settings.connection_memory = Self.connectionMemory
        // libmicrohttpd reads the texts while it starts, and not later.
        let pem = unsafe [tls?.certificate, tls?.key].compactMap { $0 }.compactMap { text in
            unsafe strdup(String(decoding: text, as: UTF8.self))
        }
        defer { unsafe pem.forEach { unsafe free($0) } }
        if unsafe pem.count == 2 {
            unsafe settings.tls_certificate = UnsafePointer(pem[0])
            unsafe settings.tls_key = UnsafePointer(pem[1])
        }
        var started: [DaemonThread] = []
        do throws(DaemonThread.Refusal) {
            for number in 0..<wanted {
                started.append(
                    try unsafe DaemonThread.start(
                        settings, on: listener, connectionLimit: connections, number: number, limits, dispatcher))
            }
        } catch {
            for thread in started { thread.quiesce() }
            Self.stop(started).wait()
            throw error
        }
        let retiring = threads.withLock { threads in
            let retiring = threads.current
            threads = (started, threads.retired.filter { !$0.hasStopped } + retiring)
            return retiring
        }
        for thread in retiring { thread.retire() }
    }

    // MARK: The end

    /// Begins the end: no connection is accepted any more, each connection is closed after its next answer, and requests
    /// under way go on. Returns when none is under way any more, after the grace, or when the task is cancelled.
    ///
    /// - Returns: whether every request has been answered.
    @discardableResult
    public func drain(grace: Duration) async -> Bool {
        if dispatcher.beginStopping() {
            refuseConnections()
            await waitUntilIdle(.now + grace)
        }
        return dispatcher.exchanges.isEmpty
    }

    /// Ends: bodies that are read while they arrive fail with ``HTTPBodyError/stopped``, and requests that are not answered
    /// within a second get ``HTTPHandler/stopping(_:isHandled:)``. To be called once, after ``drain(grace:)``.
    public func stop() async {
        // A task of its own: that whoever stops is cancelled must not cost a client the response that is nearly there.
        await Task { await end() }.value
    }

    private func end() async {
        for exchange in dispatcher.exchanges.all { exchange.interrupt() }
        await waitUntilIdle(.now + .seconds(1))
        // Whatever begins from here on is answered at once. So no connection is suspended any more when the daemons are
        // stopped, which would abort the process.
        for exchange in dispatcher.exchanges.close() { exchange.stop(dispatcher.handler) }
        await waitUntilIdle(.now + .seconds(1))
        await withCheckedContinuation { continuation in
            Self.stop(allThreads).notify(queue: .global()) { continuation.resume() }
        }
        close(listener)
    }

    /// The socket refuses connections from here on, but keeps its number until the threads have ended: one of them may be
    /// about to accept from it.
    ///
    /// One that a service manager listens on stays as it is: whoever connects waits for the next process.
    private func refuseConnections() {
        for thread in allThreads { thread.quiesce() }
        guard configuration.inheritedSocket == nil else { return }
        // Before connections are refused: a gateway that is started then makes a socket of its own there.
        if let path = configuration.path { unsafe unlink(path) }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private static func stop(_ threads: [DaemonThread]) -> DispatchGroup {
        let stopped = DispatchGroup()
        for thread in threads {
            stopped.enter()
            thread.stop { stopped.leave() }
        }
        return stopped
    }

    private var allThreads: [DaemonThread] {
        threads.withLock { $0.current + $0.retired }
    }

    private func waitUntilIdle(_ deadline: ContinuousClock.Instant) async {
        while !dispatcher.exchanges.isEmpty, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
