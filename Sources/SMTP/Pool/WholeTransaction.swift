internal import NIOCore

/// The transaction of a message whose content is there. The content is sent in the call that tells of the accepted envelope,
/// unless the message holds it back. For use on the pool's event loop only.
package final class WholeTransaction: PoolMessage {
    let envelope: Envelope
    private let message: any WholeMessage
    private let begun: NIODeadline
    private var openedAt: NIODeadline
    /// What has taken how long so far.
    package private(set) var times = TransactionTimes()
    /// The session whose server waits for the content; nil before and afterwards.
    private var opened: OpenedInPool?

    init(_ message: any WholeMessage, at now: NIODeadline) {
        self.message = message
        envelope = message.envelope
        begun = now
        openedAt = now
    }

    func opened(_ opened: OpenedInPool) {
        openedAt = .now()
        times.queue = Duration(opened.waited)
        times.envelope = max(.zero, Duration(openedAt - begun - opened.waited))
        self.opened = opened
        if message.maySendContent(of: self) { sendContent() }
    }

    /// Sends the content, for which the server waits. The message is told what becomes of it.
    package func sendContent() {
        guard let opened = take(&opened) else { return }
        let content = message.content
        var end = ByteBuffer()
        // Room for the dots and line ends that are added to most messages at most.
        end.reserveCapacity(content.count + 512)
        if envelope.extensions?.body == .binaryMIME {
            end.writeBytes(content)
        } else {
            var stuffer = DotStuffer(isChunked: opened.opened.isChunked)
            stuffer.write(content, in: 0..<content.count, into: &end)
            stuffer.finish(into: &end)
        }
        opened.session.connection.finish(end, transaction: opened.opened.transaction) { [self] result in
            times.content = Duration(.now() - openedAt)
            message.completed(result.map { SMTPReceipt($0, envelope) }, after: times)
        }
    }

    /// Gives the message up: nothing of its content has gone out, nor will it. The message is told nothing more.
    package func giveUp() {
        guard let opened = take(&opened) else { return }
        opened.session.connection.abandon(transaction: opened.opened.transaction)
    }

    func failed(_ error: SMTPError) {
        message.completed(.failure(error), after: times)
    }
}
