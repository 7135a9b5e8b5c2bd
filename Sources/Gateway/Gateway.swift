internal import Foundation
internal import HTTPServer
internal import InternetMessage
public import Logging
internal import NIOCore
internal import NIOPosix
internal import SMTP
internal import Synchronization

/// The gateway: it takes requests, sends each message on a session of the relay's pool, and answers with the relay's
/// reply.
public final class Gateway: Sendable {
    /// The gateway's version.
    public static let version = "0.1.0"

    /// The address that the HTTP server has been given, the port as it is bound.
    public let address: (host: String, port: Int)

    private let server: HTTPServer
    private let core: GatewayCore
    private let group: MultiThreadedEventLoopGroup
    private let grace: Duration

    /// Starts the gateway. It starts with the relay down, too.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - caughtMessages: what an embedded relay caught, for the sandbox's routes; nil where there is none.
    ///   - idempotencyStore: where results under an `Idempotency-Key` are kept; by default in memory.
    ///   - logger: where log lines go.
    /// - Throws: where the HTTP server cannot listen.
    public static func start(
        _ configuration: GatewayConfiguration, caughtMessages: (any CaughtMessages)? = nil,
        idempotencyStore: (any IdempotencyStore)? = nil, logger: Logger
    ) throws -> Gateway {
        // One loop for SMTP and one HTTP thread for every two cores: they share the work on a message.
        let group = MultiThreadedEventLoopGroup(
            numberOfThreads: max(1, min(System.coreCount / 2, configuration.pool.sessions)))
        let core = GatewayCore(
            configuration, eventLoops: Array(group.makeIterator()), caughtMessages: caughtMessages,
            idempotencyStore: idempotencyStore ?? MemoryIdempotencyStore(configuration.idempotency, logger: logger),
            logger: logger)
        for warning in configuration.warnings { logger.warning("\(warning)") }
        var http = HTTPServerConfiguration(host: configuration.listenHost, port: configuration.listenPort)
        http.threads = max(1, System.coreCount / 2)
        if let tls = configuration.tls {
            http.tls = HTTPServerConfiguration.TLS(certificate: tls.certificate, key: tls.key)
        }
        let server = try HTTPServer.start(http, handler: core, logger: logger)
        return Gateway(configuration, server: server, core: core, group: group)
    }

    private init(
        _ configuration: GatewayConfiguration, server: HTTPServer, core: GatewayCore, group: MultiThreadedEventLoopGroup
    ) {
        address = (configuration.listenHost, server.port)
        grace = configuration.shutdownGrace
        self.server = server
        self.core = core
        self.group = group
    }

    /// Stops: no new message is taken, and those under way are finished and answered within the grace. Those that are
    /// not are answered, too, with the outcome as far as it is known.
    public func stop() async {
        core.drain()
        await server.drain(grace: grace)
        // What is still under way ends with its session, and is told to the client like any lost connection.
        await core.pool.shutdown(grace: .seconds(1))
        await server.stop()
        try? await group.shutdownGracefully()
    }
}
