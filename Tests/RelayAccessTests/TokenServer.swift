import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A token endpoint on 127.0.0.1 over TLS, whose answers depend on the path.
final class TokenServer: Sendable {
    struct Request: Sendable {
        var head: HTTPRequestHead
        var body = ""
    }

    private let channel: any Channel
    private let received: Log

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// - Parameter context: the certificate, or nil for HTTP without TLS.
    init(_ context: NIOSSLContext?) async throws {
        let log = Log()
        received = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var requests: [Request] { received.requests.withLock { $0 } }

    func stop() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let log: Log
        private var request: Request?

        init(_ log: Log) {
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): request = Request(head: head)
            case .body(let body): request?.body += String(buffer: body)
            case .end:
                guard let request else { return }
                log.requests.withLock { $0.append(request) }
                answer(request.head.uri, context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func answer(_ path: String, _ context: ChannelHandlerContext) {
            switch path {
            case "/ok": respond(context, .ok, #"{"access_token":"token","token_type":"Bearer","expires_in":3599}"#)
            case "/refused":
                respond(
                    context, .badRequest,
                    #"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#)
            case "/throttled": respond(context, .tooManyRequests, "", ["Retry-After": "17"])
            case "/moved": respond(context, .found, "", ["Location": "/ok"])
            case "/long": respond(context, .ok, String(repeating: " ", count: 65_537))
            case "/longest": respond(context, .ok, String(repeating: " ", count: 65_536))
            case "/closed": context.close(promise: nil)
            case "/dripping":
                context.writeAndFlush(
                    wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: ["Content-Length": "9"]))),
                    promise: nil)
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "{")))), promise: nil)
            default: break
            }
        }

        private func respond(
            _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ body: String, _ fields: HTTPHeaders = [:]
        ) {
            var fields = fields
            fields.add(name: "Content-Length", value: "\(body.utf8.count)")
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
