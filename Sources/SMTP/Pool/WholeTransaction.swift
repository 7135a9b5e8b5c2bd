internal import NIOCore

/// The transaction of a message whose content is there: it goes out as soon as the server waits for it, in the same call. For
/// use on the pool's event loop only.
final class WholeTransaction: PoolMessage {
    let envelope: Envelope
    private let message: any WholeMessage
    private let begun: NIODeadline
    private var openedAt: NIODeadline
    private var times = TransactionTimes()
    /// What the server said of the recipients.
    private var recipients = OpenedTransaction()

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
        recipients = opened.opened.recipients
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

    func failed(_ error: SMTPError) {
        message.completed(.failure(error), after: times)
    }
}
