internal import CMicrohttpd
internal import Dispatch
internal import Foundation
public import Logging

/// An HTTP server on libmicrohttpd: epoll on a few threads of its own, and no thread waits for an answer.
///
/// `@unchecked Sendable`: nothing is written after `start` has returned.
@safe public final class HTTPServer: @unchecked Sendable {
    /// The port that is listened on.
    public let port: Int

    private let dispatcher: RequestDispatcher
    /// A daemon each, all on one listening socket.
    private var threads: [DaemonThread] = []
    private let listener: Int32
    /// The PEM texts of TLS, which libmicrohttpd reads as long as it runs.
    private var pem: [UnsafeMutablePointer<CChar>] = unsafe []

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
        let wanted = UInt64(configuration.connectionLimit + 1024)
        let files = cmicrohttpd_raise_open_files(wanted)
        if files < wanted {
            logger.warning(
                "the limit of open files is lower than the connections allowed",
                metadata: [
                    "open_files": "\(files)", "connections": "\(configuration.connectionLimit)",
                ])
        }
        var port: UInt16 = 0
        let listener = unsafe cmicrohttpd_listen(
            configuration.host, UInt16(clamping: configuration.port), Int32(clamping: configuration.backlog), &port)
        guard listener >= 0 else {
            throw HTTPServerError(.cannotListen(errno: -listener), host: configuration.host, port: configuration.port)
        }
        let pace = BodyPace.Limits(
            grace: .seconds(configuration.bodyGrace), rate: max(1, configuration.minimumBodyRate))
        let server = HTTPServer(port: Int(port), listener: listener, RequestDispatcher(handler, pace: pace))
        guard server.startThreads(configuration) else {
            server.refuseConnections()
            server.stopThreads().wait()
            close(listener)
            throw HTTPServerError(.cannotStart, host: configuration.host, port: configuration.port)
        }
        return server
    }

    private init(port: Int, listener: Int32, _ dispatcher: RequestDispatcher) {
        self.port = port
        self.listener = listener
        self.dispatcher = dispatcher
    }

    deinit {
        unsafe pem.forEach { unsafe free($0) }
    }

    private func startThreads(_ configuration: HTTPServerConfiguration) -> Bool {
        let wanted = max(1, configuration.threads)
        var settings = unsafe cmicrohttpd_settings()
        unsafe settings.listen_socket = listener
        // Rounded up, so that the limit is one of all threads together.
        unsafe settings.connection_limit = UInt32(clamping: (configuration.connectionLimit + wanted - 1) / wanted)
        unsafe settings.idle_timeout_seconds = UInt32(clamping: configuration.idleTimeout)
        unsafe settings.connection_memory = configuration.connectionMemory
        if let tls = configuration.tls {
            unsafe pem = [tls.certificate, tls.key].compactMap { text in
                unsafe strdup(String(decoding: text, as: UTF8.self))
            }
            unsafe settings.tls_certificate = UnsafePointer(pem[0])
            unsafe settings.tls_key = UnsafePointer(pem[1])
        }
        threads = (0..<wanted).compactMap { unsafe DaemonThread.start(settings, number: $0, dispatcher) }
        return threads.count == wanted
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
        for exchange in dispatcher.exchanges.all { exchange.interrupt() }
        await waitUntilIdle(.now + .seconds(1))
        // Whatever begins from here on is answered at once. So no connection is suspended any more when the daemons are
        // stopped, which would abort the process.
        for exchange in dispatcher.exchanges.close() { exchange.stop(dispatcher.handler) }
        await waitUntilIdle(.now + .seconds(1))
        await withCheckedContinuation { continuation in
            stopThreads().notify(queue: .global()) { continuation.resume() }
        }
        close(listener)
    }

    /// The socket refuses connections from here on, but keeps its number until the daemons have been stopped: one of
    /// them may be about to take it out of its epoll set, and aborts the process where it is no socket any more.
    private func refuseConnections() {
        for thread in threads { thread.quiesce() }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func stopThreads() -> DispatchGroup {
        let stopped = DispatchGroup()
        for thread in threads {
            stopped.enter()
            thread.stop { stopped.leave() }
        }
        return stopped
    }

    private func waitUntilIdle(_ deadline: ContinuousClock.Instant) async {
        while !dispatcher.exchanges.isEmpty, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
