public import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// An SMTP server that catches what it is sent (RFC 5321) and delivers nothing.
///
/// `let sandbox = try await SandboxServer.start()` listens on a free port of 127.0.0.1; see ``SandboxRules`` for the
/// recipients by which failures can be tried.
public final class SandboxServer: Sendable {
    /// The address it listens on.
    public let host: String
    /// The port it listens on.
    public let port: Int
    /// What it caught.
    public let inbox: SandboxInbox
    private let channel: any Channel
    private let connections: SandboxConnections
    /// The group to be shut down together with the server; nil if it is the caller's.
    private let ownGroup: MultiThreadedEventLoopGroup?
    private let isStopped = Mutex(false)

    /// Octets of one read: a usual message in one piece, and no more than that for each connection.
    private static let receiveBufferOctets = 16 * 1024
    /// Connections that wait to be accepted: as many as clients may open in one burst.
    private static let backlog: Int32 = 1024

    /// Starts a server. It offers STARTTLS with a certificate of its own making, and takes any credentials.
    ///
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - port: the port; 0 for a free one.
    ///   - group: where the connections are served; nil for one thread of the server's own.
    ///   - configuration: the bounds.
    /// - Throws: `SandboxError` where the address cannot be had.
    public static func start(
        host: String = "127.0.0.1", port: Int = 0, group: (any EventLoopGroup)? = nil,
        configuration: SandboxConfiguration = SandboxConfiguration()
    ) async throws(SandboxError) -> SandboxServer {
        let ownGroup = group == nil ? MultiThreadedEventLoopGroup(numberOfThreads: 1) : nil
        let inbox = SandboxInbox(
            maximumMessages: configuration.maximumMessages, maximumOctets: configuration.maximumInboxOctets)
        let connections = SandboxConnections(maximum: configuration.maximumConnections)
        let tls: NIOSSLContext
        do {
            tls = try SelfSignedCertificate(name: configuration.serverName).context()
        } catch {
            try? await ownGroup?.shutdownGracefully()
            throw .noCertificate(reason: "\(error)")
        }
        do {
            let channel = try await bootstrap(
                group ?? ownGroup ?? MultiThreadedEventLoopGroup.singleton, configuration, inbox, connections, tls
            ).bind(host: host, port: port).get()
            return SandboxServer(channel, host, inbox, connections, ownGroup)
        } catch {
            // A group that does not shut down has nothing to add to why the server did not start.
            try? await ownGroup?.shutdownGracefully()
            throw .cannotListen(host: host, port: port, reason: "\(error)")
        }
    }

    private static func bootstrap(
        _ group: any EventLoopGroup, _ configuration: SandboxConfiguration, _ inbox: SandboxInbox,
        _ connections: SandboxConnections, _ tls: NIOSSLContext
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: backlog)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: receiveBufferOctets)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(readTimeout: TimeAmount(configuration.idleTimeout)))
                    try pipeline.addHandler(SandboxHandler(configuration, inbox, connections, tls: tls))
                }
            }
    }

    private init(
        _ channel: any Channel, _ host: String, _ inbox: SandboxInbox, _ connections: SandboxConnections,
        _ ownGroup: MultiThreadedEventLoopGroup?
    ) {
        self.channel = channel
        self.host = host
        self.inbox = inbox
        self.connections = connections
        self.ownGroup = ownGroup
        port = channel.localAddress?.port ?? 0
    }

    /// Stops listening and closes all connections at once; a second call does nothing. The inbox can still be read.
    public func shutdown() async {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        // An event loop that has ended would never answer.
        guard isFirst else { return }
        // Closing fails only where the channel is closed already, which is what is wanted.
        try? await channel.close()
        await connections.closeAll()
        try? await ownGroup?.shutdownGracefully()
    }
}
