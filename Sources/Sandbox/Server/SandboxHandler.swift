internal import Foundation
internal import NIOCore
internal import NIOSSL

/// Plays a conversation on a connection: it does what the actions say and decides nothing.
final class SandboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var conversation: SandboxConversation
    private let inbox: SandboxInbox
    private let connections: SandboxConnections
    /// The server's certificate and key; nil if STARTTLS is not offered.
    private let tls: NIOSSLContext?
    /// The replies to what one read has brought; they leave in one write.
    private var replies = ByteBuffer()
    private var waiting: Scheduled<Void>?
    /// Nothing is read or answered any more; the connection ends when the replies so far are written.
    private var isClosing = false

    init(
        _ configuration: SandboxConfiguration, _ inbox: SandboxInbox, _ connections: SandboxConnections,
        tls: NIOSSLContext?
    ) {
        conversation = SandboxConversation(configuration, offersTLS: tls != nil)
        self.tls = tls
        self.inbox = inbox
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) {
        if connections.add(context.channel) {
            write(conversation.greeting)
        } else {
            write(.tooManyConnections)
            isClosing = true
        }
        flush(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiting?.cancel()
        connections.remove(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        obey(conversation.receive(Array(buffer: unwrapInboundIn(data))), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush(context)
    }

    /// A client that does not take its replies is not read either, so that they cannot pile up.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        updateReading(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        // While a final reply is held back, it is not the client who keeps the other waiting.
        guard waiting == nil else { return }
        write(.idle)
        context.writeAndFlush(wrapOutboundOut(replies), promise: nil)
        // Now, and not when the reply is written: a client that takes no replies would hold the connection for ever.
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func obey(_ actions: [SandboxConversation.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .reply(let reply): write(reply)
            case .keep(let message, let reply):
                let id = inbox.add(message, receivedAt: Self.now())
                write(reply ?? SandboxReply("250 2.0.0 Ok: queued as \(id)"))
            case .startTLS: startTLS(context)
            case .wait(let seconds): wait(seconds, context)
            case .close: isClosing = true
            }
        }
    }

    /// The time to the millisecond, as it is shown: who asks for what came after it does not get the same message again.
    private static func now() -> Double {
        (Date().timeIntervalSince1970 * 1000).rounded(.down) / 1000
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        // The reply goes out as it is: it passes the end of the pipeline where TLS will be.
        flush(context)
        do {
            guard let tls else { return }
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
            conversation.secured()
        } catch {
            context.close(promise: nil)
        }
    }

    private func wait(_ seconds: Int, _ context: ChannelHandlerContext) {
        waiting = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(seconds))) {
            self.waiting = nil
            self.obey(self.conversation.resume(), context)
            self.flush(context)
            self.updateReading(context)
        }
        updateReading(context)
    }

    private func updateReading(_ context: ChannelHandlerContext) {
        // Fails on a channel that is closed already, and then it does not matter.
        try? context.channel.syncOptions?.setOption(
            .autoRead, value: waiting == nil && !isClosing && context.channel.isWritable)
    }

    private func write(_ reply: SandboxReply) {
        replies.writeString(reply.text)
        replies.writeStaticString("\r\n")
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard replies.readableBytes > 0 || isClosing else { return }
        let output = wrapOutboundOut(replies)
        replies = ByteBuffer()
        guard isClosing else {
            context.writeAndFlush(output, promise: nil)
            return
        }
        let channel = context.channel
        context.writeAndFlush(output).whenComplete { _ in channel.close(promise: nil) }
    }
}
