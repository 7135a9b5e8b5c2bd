internal import NIOCore

/// Carries out a handshake with a proxy on a channel, before anything of SMTP is there.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var handshake: ProxyHandshake
    private let timeout: Duration
    private let completion: EventLoopPromise<ByteBuffer>
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - timeout: how long the proxy may take.
    ///   - completion: gets what the server has already sent through the proxy, or the failure.
    init(_ handshake: ProxyHandshake, timeout: Duration, completion: EventLoopPromise<ByteBuffer>) {
        self.handshake = handshake
        self.timeout = timeout
        self.completion = completion
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
            self.take(self.handshake.timedOut(), context)
        }
        write(handshake.greeting, context)
        context.read()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        // Whoever gave the connection up knows why; nothing may wait for the proxy any more.
        take(handshake.closed(), context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        take(handshake.receive(Array(buffer: unwrapInboundIn(data))), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        take(handshake.closed(), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        take(handshake.closed(), context)
    }

    private func take(_ step: ProxyHandshake.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .send(let octets): write(octets, context)
        case .wait: break
        case .open(let rest):
            deadline?.cancel()
            let completion = completion
            context.pipeline.syncOperations.removeHandler(self).whenComplete { _ in
                completion.succeed(ByteBuffer(bytes: rest))
            }
        case .failed(let error):
            deadline?.cancel()
            completion.fail(error)
            context.close(promise: nil)
        }
    }

    private func write(_ octets: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
    }
}
