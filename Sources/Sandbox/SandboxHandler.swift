internal import Foundation
internal import NIOCore

/// Plays a conversation on a connection.
final class SandboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var conversation = SandboxConversation()
    private let inbox: SandboxInbox

    init(_ inbox: SandboxInbox) {
        self.inbox = inbox
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: conversation.greeting + "\r\n")), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var replies = ByteBuffer()
        var closes = false
        for action in conversation.receive(unwrapInboundIn(data).readableBytesView) {
            switch action {
            case .reply(let reply): replies.writeString(reply + "\r\n")
            case .keep(let caught): replies.writeString("250 2.0.0 Ok: queued as \(keep(caught))\r\n")
            case .close: closes = true
            }
        }
        // The replies to one read leave in one write.
        if replies.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(replies), promise: nil) }
        if closes { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // RFC 5321, section 4.5.3.2.7: a client that is silent for five minutes is given up.
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func keep(_ caught: SandboxConversation.Caught) -> String {
        let id = String(UInt64.random(in: 1 << 60 ... .max), radix: 36).uppercased()
        inbox.add(
            SandboxMessage(
                id: id, receivedAt: Date().timeIntervalSince1970, helloName: caught.helloName,
                reversePath: caught.reversePath, recipients: caught.recipients, raw: caught.raw))
        return id
    }
}
