import NIOCore
import NIOPosix
import Synchronization

/// A proxy on 127.0.0.1 that connects to ports of it, for those who know the user ann and her password pass.
final class ConnectProxy: Sendable {
    private final class Log: Sendable {
        let heads = Mutex<[String]>([])
    }

    private let channel: any Channel
    private let log: Log

    init() async throws {
        let log = Log()
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Client(log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    /// The requests that came.
    var heads: [String] { log.heads.withLock { $0 } }

    func stop() async throws { try await channel.close() }

    /// The side of the client: it opens the other side.
    private final class Client: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let log: Log
        private var head = ""
        private var isOpen = false
        private var other: (any Channel)?

        init(_ log: Log) {
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let octets = unwrapInboundIn(data)
            guard !isOpen else {
                other?.writeAndFlush(octets, promise: nil)
                return
            }
            head += String(buffer: octets)
            guard head.hasSuffix("\r\n\r\n") else { return }
            isOpen = true
            log.heads.withLock { $0.append(head) }
            // ann:pass in base64.
            guard head.contains("Basic YW5uOnBhc3M=\r\n") else {
                answer("407 Proxy Authentication Required\r\nContent-Length: 0", context)
                return
            }
            let port = head.split(separator: " ")[1].split(separator: ":").last.flatMap { Int($0) } ?? 0
            let client = context.channel
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Server(client: client))
                    }
                }
                .connect(host: "127.0.0.1", port: port)
                .whenSuccess { channel in
                    let (handler, context) = bound.value
                    handler.other = channel
                    handler.answer("200 OK", context)
                }
        }

        func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }

        private func answer(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 \(text)\r\n\r\n")), promise: nil)
        }
    }

    /// The side of the server.
    private final class Server: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let client: any Channel

        init(client: any Channel) {
            self.client = client
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            client.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
    }
}
