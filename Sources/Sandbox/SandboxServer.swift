internal import NIOCore
internal import NIOPosix

/// An SMTP server on loopback that catches what it is sent.
public final class SandboxServer: Sendable {
    /// The port on 127.0.0.1.
    public let port: Int
    /// What it caught.
    public let inbox: SandboxInbox
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// Starts a server on 127.0.0.1.
    ///
    /// - Parameter port: the port; 0 for a free one.
    /// - Throws: where the port cannot be had.
    public static func start(port: Int = 0) async throws -> SandboxServer {
        let inbox = SandboxInbox()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        IdleStateHandler(readTimeout: .minutes(5)))
                    try channel.pipeline.syncOperations.addHandler(SandboxHandler(inbox))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return SandboxServer(channel, inbox, group)
    }

    private init(_ channel: any Channel, _ inbox: SandboxInbox, _ group: MultiThreadedEventLoopGroup) {
        self.channel = channel
        self.inbox = inbox
        self.group = group
        port = channel.localAddress?.port ?? 0
    }

    /// Stops, and closes all connections.
    public func shutdown() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }
}
