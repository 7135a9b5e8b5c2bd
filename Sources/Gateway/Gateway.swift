internal import Foundation
internal import HTTPServer
internal import InternetMessage
public import Logging
public import OTLP
internal import NIOCore
internal import NIOPosix
public import Records
internal import SMTP
public import Settings
internal import Synchronization
public import Tracing

/// The gateway: it takes requests, sends each message on a session of the relay's pool, and answers with the relay's
/// reply.
public final class Gateway: Sendable {
    /// The gateway's version.
    public static let version = GatewayVersion.current

    /// The address that the HTTP server has been given, the port as it is bound.
    public let address: (host: String, port: Int)

    /// Where a browser on this host finds the console; nil if the gateway listens on a socket of the file system.
    public let consoleURL: String?
    /// The address in one text.
    public var addressText: String {
        if address.host.hasPrefix("unix:") { return address.host }
        return address.host.contains(":") ? "[\(address.host)]:\(address.port)" : "\(address.host):\(address.port)"
    }

    private let server: HTTPServer
    let core: GatewayCore
    private let group: MultiThreadedEventLoopGroup
    private let grace: Duration
    private let watch: CertificateWatch?
    private let certificates: PeriodicLook

    /// How often the files of certificates are looked at: a certificate is renewed weeks before its end.
    private static let certificateInterval: Duration = .seconds(10)

    /// Starts the gateway. It starts with the relay down, too.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - caughtMessages: what an embedded relay caught, for the sandbox's routes; nil if there is none.
    ///   - records: where it is kept what was sent under an `Idempotency-Key`; by default where the configuration says.
    ///   - tracer: what starts the spans of requests; by default the exporter's, or the one that the process was bootstrapped
    ///     with, if any.
    ///   - exporter: what exports the spans, for the metrics. It is shut down by whoever made it, after the gateway.
    ///   - logger: where log lines go.
    /// - Throws: ``ConfigurationError`` if the store of records cannot be used; another error if the HTTP server cannot
    ///   listen.
    public static func start(
        _ configuration: GatewayConfiguration, caughtMessages: (any CaughtMessages)? = nil,
        records: (any RecordStore)? = nil, tracer: (any Tracer)? = nil,
        exporter: OTLPExporter? = nil, logger: Logger
    ) throws -> Gateway {
        // One loop for SMTP and one HTTP thread for every two cores: they share the work on a message.
        let group = MultiThreadedEventLoopGroup(
            numberOfThreads: max(1, min(System.coreCount / 2, configuration.relays.map(\.pool.sessions).max() ?? 1)))
        let threads = max(1, System.coreCount / 2)
        let tls = try configuration.certificate?.read()
        let records = try records ?? configuration.openStore(logger: logger)
        let core = GatewayCore(
            configuration, eventLoops: Array(group.makeIterator()), threads: threads, caughtMessages: caughtMessages,
            records: records, tracer: RequestTracer(tracer ?? exporter?.tracer), exporter: exporter, logger: logger)
        for warning in configuration.warnings { logger.warning("\(warning)") }
        var http = HTTPServerConfiguration(host: configuration.listenHost, port: configuration.listenPort)
        http.inheritedSocket = configuration.inheritedSocket
        http.threads = threads
        configuration.connections.apply(to: &http)
        http.reservedDescriptors = Self.reservedDescriptors(configuration)
        http.tls = tls
        let server = try HTTPServer.start(http, handler: core.handler, logger: logger)
        let watch = http.tls.flatMap { tls in
            configuration.certificate.map { CertificateWatch($0, tls, server, logger: logger) }
        }
        let certificates = PeriodicLook(every: Self.certificateInterval) {
            watch?.look()
            await core.renewClientCertificates()
        }
        certificates.start()
        return Gateway(
            configuration, server: server, core: core, group: group, watch: watch, certificates: certificates)
    }

    /// Descriptors that clients' connections must leave: one for each session with a relay, whether it is open or being
    /// opened, and some for files, the log, the event loops and probes.
    static func reservedDescriptors(_ configuration: GatewayConfiguration) -> Int {
        configuration.relays.reduce(48) { $0 + $1.pool.sessions }
    }

    private init(
        _ configuration: GatewayConfiguration, server: HTTPServer, core: GatewayCore,
        group: MultiThreadedEventLoopGroup, watch: CertificateWatch?, certificates: PeriodicLook
    ) {
        self.watch = watch
        self.certificates = certificates
        address = (configuration.listenHost, server.port)
        let host =
            switch configuration.listenHost {
            case "0.0.0.0": "127.0.0.1"
            case "::": "[::1]"
            case let host: host.contains(":") && !host.hasPrefix("unix:") ? "[\(host)]" : host
            }
        let scheme = configuration.certificate == nil ? "http" : "https"
        consoleURL = host.hasPrefix("unix:") ? nil : "\(scheme)://\(host):\(server.port)/"
        grace = configuration.shutdownGrace
        self.server = server
        self.core = core
        self.group = group
    }

    /// Takes over the keys with their rules, the relays, the routes and the certificate of another configuration. Nothing
    /// that is under way is dropped.
    ///
    /// - Throws: ``ConfigurationError`` if there were keys and there are none any more; then the old configuration stays.
    public func reload(_ configuration: GatewayConfiguration) async throws(ConfigurationError) {
        watch?.look()
        try await core.reload(configuration)
    }

    /// Returns how many messages are under way now, and the most that were since the last call.
    public func takeMessagesInFlight() -> (now: Int, most: Int) { core.takeMessagesInFlight() }

    /// Counts a reload that failed.
    public func reloadFailed() {
        core.metrics.reloaded(false)
    }

    /// Reads the certificates for HTTPS and for relays again, if their files have changed. That also happens by itself within
    /// some seconds. A mistake is logged, and the old certificate stays.
    public func reloadCertificates() async {
        watch?.look()
        await core.renewClientCertificates()
    }

    /// Returns when every event loop has responded: for a watchdog, which acts if one does not.
    public func respond() async {
        for loop in group.makeIterator() {
            // A loop that has been shut down responds to nobody, and need not.
            try? await loop.submit {}.get()
        }
    }

    /// Says from now on that it is not ready, and goes on serving.
    public func reportDraining() {
        core.reportDraining()
    }

    /// Stops: no new message is taken, and those under way are finished and answered within the grace, which cancelling
    /// the task ends. Those that are not are answered, too, with the outcome as far as it is known.
    ///
    /// - Returns: whether every message was finished within the grace.
    @discardableResult
    public func stop() async -> Bool {
        certificates.stop()
        core.drain()
        let isComplete = await server.drain(grace: grace)
        // What is still under way ends with its session, and is told to the client like any lost connection. Cancelling does
        // not reach this: what is known of each message is to be told.
        await Task { await core.shutdown() }.value
        await server.stop()
        await core.closeRecords()
        try? await group.shutdownGracefully()
        return isComplete
    }
}
