import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A collector on 127.0.0.1, whose answers come one after the other.
final class CollectorServer: Sendable {
    enum Answer: Sendable {
        case status(HTTPResponseStatus, HTTPHeaders = [:], String = "{}")
        /// The head of a response, and no end.
        case dripping
        case silence
        case close
    }

    struct Request: Sendable {
        var head: HTTPRequestHead
        var body: [UInt8] = []
    }

    private final class Script: Sendable {
        struct State {
            var answers: [Answer]
            var requests: [Request] = []
        }

        let state: Mutex<State>

        init(_ answers: [Answer]) {
            state = Mutex(State(answers: answers))
        }

        /// Keeps a request, and gives its answer: the last one serves for all that come after it.
        func next(_ request: Request) -> Answer {
            state.withLock { state in
                state.requests.append(request)
                return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
            }
        }
    }

    private let channel: any Channel
    private let script: Script

    /// - Parameters:
    ///   - answers: the answers.
    ///   - context: the certificate, or nil for HTTP without TLS.
    init(_ answers: Answer..., context: NIOSSLContext? = nil) async throws {
        let script = Script(answers)
        self.script = script
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var requests: [Request] { script.state.withLock { $0.requests } }

    func stop() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let script: Script
        private var request: Request?

        init(_ script: Script) {
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): request = Request(head: head)
            case .body(let body): request?.body += body.readableBytesView
            case .end:
                guard let request else { return }
                answer(script.next(request), context)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func answer(_ answer: Answer, _ context: ChannelHandlerContext) {
            switch answer {
            case .status(let status, var fields, let body):
                fields.add(name: "Content-Length", value: "\(body.utf8.count)")
                let head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .dripping:
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "9"])
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            case .silence: break
            case .close: context.close(promise: nil)
            }
        }
    }
}
