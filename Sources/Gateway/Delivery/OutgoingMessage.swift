internal import HTTPServer
internal import SMTP

/// A message of its own on its way to a relay, and the request that is answered with what becomes of it. Made once, by the
/// HTTP server's thread; from then on its loop's.
final class OutgoingMessage: WholeMessage {
    /// The message's id, with its angle brackets.
    let id: String
    let envelope: Envelope
    let content: [UInt8]
    /// The relays that may be asked, the first choice first.
    let relays: [Relay]
    let context: MessageContext
    let responder: HTTPResponder
    private let sender: MessageSender
    let inbox: LoopInbox

    init(
        _ composed: Composition, by relays: [Relay], _ context: MessageContext, _ responder: HTTPResponder,
        sender: MessageSender, inbox: LoopInbox
    ) {
        id = composed.id
        content = composed.content
        envelope = composed.envelope.prepared(for: composed.content)
        self.relays = relays
        self.context = context
        self.responder = responder
        self.sender = sender
        self.inbox = inbox
    }

    /// Sends the message. On its loop.
    func begin() {
        sender.begin(self)
    }

    func completed(_ result: Result<SMTPReceipt, SMTPError>, after times: TransactionTimes) {
        sender.completed(self, FirstTransaction(result, times))
    }
}
