internal import CMicrohttpd
internal import Dispatch
internal import Foundation
public import Logging
internal import Synchronization

/// An HTTP server on libmicrohttpd: epoll on a few threads of its own, and no thread waits for an answer.
///
/// `@unchecked Sendable`: the pointers are written once before the first request and, at the end, taken under the lock.
@safe public final class HTTPServer: @unchecked Sendable {
    /// The port that is listened on.
    public let port: Int

    private let handler: any HTTPHandler
    private let logger: Logger
    private let isStopping = Atomic<Bool>(false)
    /// The requests that are under way, so that none is left when the server stops.
    private let exchanges = ExchangeRegistry()
    /// One daemon a thread, all on one listening socket. Not one daemon with a pool of threads: in 0.9.75
    /// `MHD_quiesce_daemon` races with the threads of a pool for taking the socket out of their epoll sets, and who
    /// comes second aborts the process; between a daemon and its only thread the race is provided for.
    private var daemons: [OpaquePointer] = unsafe []
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
        let server = HTTPServer(port: Int(port), listener: listener, handler: handler, logger: logger)
        guard server.startDaemons(configuration) else {
            server.refuseConnections()
            server.stopDaemons()
            throw HTTPServerError(.cannotStart, host: configuration.host, port: configuration.port)
        }
        return server
    }

    private init(port: Int, listener: Int32, handler: any HTTPHandler, logger: Logger) {
        self.port = port
        self.listener = listener
        self.handler = handler
        self.logger = logger
    }

    deinit {
        unsafe pem.forEach { unsafe free($0) }
    }

    private func startDaemons(_ configuration: HTTPServerConfiguration) -> Bool {
        let threads = max(1, configuration.threads)
        var settings = unsafe cmicrohttpd_settings()
        unsafe settings.listen_socket = listener
        // Rounded up, so that the limit is one of all threads together.
        unsafe settings.connection_limit = UInt32(clamping: (configuration.connectionLimit + threads - 1) / threads)
        unsafe settings.idle_timeout_seconds = UInt32(clamping: configuration.idleTimeout)
        unsafe settings.connection_memory = configuration.connectionMemory
        if let tls = configuration.tls {
            unsafe pem = [tls.certificate, tls.key].compactMap { text in
                unsafe strdup(String(decoding: text, as: UTF8.self))
            }
            unsafe settings.tls_certificate = UnsafePointer(pem[0])
            unsafe settings.tls_key = UnsafePointer(pem[1])
        }
        return (0..<threads).allSatisfy { _ in unsafe startDaemon(settings) }
    }

    private func startDaemon(_ wanted: cmicrohttpd_settings) -> Bool {
        var settings = unsafe wanted
        // The daemon holds one reference to the server, which `stop` releases when no callback can come any more.
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let daemon = unsafe cmicrohttpd_start(
            &settings,
            { context, connection, url, method, _, piece, size, slot in
                guard let context = unsafe context, let connection = unsafe connection, let url = unsafe url,
                    let method = unsafe method, let size = unsafe size, let slot = unsafe slot
                else { return .NO }
                let server = unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
                guard let stored = unsafe slot.pointee else {
                    return unsafe server.begin(connection, url: url, method: method, slot: slot)
                }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeUnretainedValue()
                return unsafe server.go(on: connection, with: exchange, piece: piece, size: size)
            },
            { context, _, slot, _ in
                guard let context = unsafe context, let stored = unsafe slot?.pointee else { return }
                unsafe slot?.pointee = nil
                // The counterpart of `passRetained` in `begin`; libmicrohttpd calls this once for each request.
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeRetainedValue()
                exchange.finish()
                unsafe Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue().exchanges.remove(exchange)
            }, context)
        guard let daemon = unsafe daemon else {
            unsafe Unmanaged<HTTPServer>.fromOpaque(context).release()
            return false
        }
        unsafe daemons.append(daemon)
        return true
    }

    // MARK: Requests, on libmicrohttpd's threads

    private func begin(
        _ connection: OpaquePointer, url: UnsafePointer<CChar>, method: UnsafePointer<CChar>,
        slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    ) -> MHD_Result {
        let head = unsafe RequestReader.head(connection, url: url, method: method)
        let exchange = Exchange(head, handler.admit(head))
        guard exchanges.add(exchange) else {
            return unsafe ResponseQueue.queue(handler.stopping(head, isHandled: false), on: connection, closes: true)
        }
        unsafe slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
        guard let response = exchange.earlyResponse(handler) else { return .YES }
        // An answer before the body ends the connection: what follows on it would be the body.
        return unsafe ResponseQueue.queue(response, on: connection, closes: true)
    }

    private func go(
        on connection: OpaquePointer, with exchange: Exchange, piece: UnsafePointer<CChar>?,
        size: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        if unsafe size.pointee > 0 {
            let mayGoOn = unsafe exchange.take(UnsafeRawBufferPointer(start: piece, count: size.pointee))
            unsafe size.pointee = 0
            return mayGoOn ? .YES : .NO
        }
        switch unsafe exchange.proceed(connection, handler) {
        case .queue(let response):
            return unsafe ResponseQueue.queue(
                response, on: connection, closes: isStopping.load(ordering: .relaxed))
        case .wait: return .YES
        }
    }

    // MARK: The end

    /// Begins the end: no connection is accepted any more, each connection is closed after its next answer, and requests
    /// under way go on. Returns when none is under way any more, or after the grace.
    public func drain(grace: Duration) async {
        guard !isStopping.exchange(true, ordering: .relaxed) else { return }
        refuseConnections()
        await waitUntilIdle(.now + grace)
    }

    /// Ends: requests that are not answered within a second get ``HTTPHandler/stopping(_:isHandled:)``. To be called
    /// once, after ``drain(grace:)``.
    public func stop() async {
        await waitUntilIdle(.now + .seconds(1))
        // Whatever begins from here on is answered at once. So no connection is suspended any more when the daemons are
        // stopped, which would abort the process.
        for exchange in exchanges.close() { exchange.stop(handler) }
        await waitUntilIdle(.now + .seconds(1))
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            // It waits for libmicrohttpd's threads to end, so it must not run where tasks run.
            DispatchQueue.global().async {
                self.stopDaemons()
                continuation.resume()
            }
        }
    }

    /// The socket refuses connections from here on, but keeps its number until libmicrohttpd's threads have ended: one
    /// of them may be about to take it out of its epoll set, and aborts the process where it is no socket any more.
    private func refuseConnections() {
        unsafe daemons.forEach { _ = unsafe MHD_quiesce_daemon($0) }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func stopDaemons() {
        unsafe daemons.forEach { daemon in
            unsafe MHD_stop_daemon(daemon)
            // The counterpart of `passRetained` in `startDaemon`: no callback comes any more.
            unsafe Unmanaged.passUnretained(self).release()
        }
        unsafe daemons.removeAll()
        close(listener)
    }

    private func waitUntilIdle(_ deadline: ContinuousClock.Instant) async {
        while !exchanges.isEmpty, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
