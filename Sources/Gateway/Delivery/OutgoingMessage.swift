internal import HTTPServer
internal import NIOCore
internal import Records
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
    /// What has to be passed before the content goes out; nil for a message without an Idempotency-Key.
    let gate: RecordGate?
    private let sender: MessageSender
    let inbox: LoopInbox

    init(
        _ composed: Composition, by relays: [Relay], _ context: MessageContext, _ responder: HTTPResponder,
        gate: RecordGate?, sender: MessageSender, inbox: LoopInbox
    ) {
        id = composed.id
        content = composed.content
        envelope = composed.envelope.prepared(for: composed.content)
        self.relays = relays
        self.context = context
        self.responder = responder
        self.gate = gate
        self.sender = sender
        self.inbox = inbox
    }

    /// Sends the message. On its loop.
    func begin() {
        sender.begin(self)
    }

    func maySendContent(of transaction: WholeTransaction) -> Bool {
        guard let gate else { return true }
        let waiting = NIOLoopBound(transaction, eventLoop: inbox.delivery.loop)
        let passed = gate.pass { [self] result in
            inbox.handOverNow(.task { self.passed(result, waiting.value) })
        }
        switch passed {
        case nil: return false
        case .success?: return true
        case .failure(let error)?:
            self.passed(.failure(error), transaction)
            return false
        }
    }

    /// Sends the content if the record is `sending`, and gives the message up otherwise.
    private func passed(_ result: Result<Void, RecordStoreError>, _ transaction: WholeTransaction) {
        do throws(RecordStoreError) {
            try result.get()
            transaction.sendContent()
        } catch {
            transaction.giveUp()
            sender.completed(self, FirstTransaction(.failure(.record(error)), transaction.times))
        }
    }

    func completed(_ result: Result<SMTPReceipt, SMTPError>, after times: TransactionTimes) {
        sender.completed(self, FirstTransaction(result.mapError { .relay($0) }, times))
    }
}
