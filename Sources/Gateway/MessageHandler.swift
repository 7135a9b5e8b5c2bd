internal import HTTPServer
internal import InternetMessage
internal import SMTP

/// One request's way once it is admitted: decode, check, compose, send, respond.
///
/// It knows no format: the dialect of the request decodes and responds. Decoding and composing run on the HTTP server's
/// thread; what waits for the relay goes on where the relay's session lives.
final class MessageHandler: Sendable {
    private let sender: MessageSender
    private let signer: DKIMSigner?
    private let tracer: RequestTracer?
    private let log: MessageLog
    private let hostDomain: String

    init(
        _ sender: MessageSender, signer: DKIMSigner?, hostDomain: String, tracer: RequestTracer?, log: MessageLog
    ) {
        self.sender = sender
        self.signer = signer
        self.hostDomain = hostDomain
        self.tracer = tracer
        self.log = log
    }

    /// Handles a request whose body has arrived.
    func handle(
        _ head: HTTPRequestHead, _ body: MessageRequest.Body, _ admitted: AdmittedRequest, _ responder: HTTPResponder
    ) {
        var context = MessageContext(head, admitted, tracer)
        let request = MessageRequest(
            head: head, body: body, pathValues: admitted.pathValues, hostDomain: hostDomain)
        do throws(Problem) {
            let reading = try admitted.dialect.read(request)
            context.notes = reading.notes
            switch reading.messages {
            case .one(let draft):
                try admitted.check(draft)
                let composed = try draft.composed(signer: signer)
                if reading.isDryRun {
                    responder.respond(context.answered(with: context.response(to: .composed(composed)).response))
                } else if let key = admitted.idempotencyKey {
                    sender.send(composed, once: key, request.fingerprint, context, responder)
                } else {
                    sender.send(composed, context, responder)
                }
            case .several(let drafts, let policy):
                let messages = drafts.map { compose($0, admitted, isDryRun: reading.isDryRun) }
                if policy == .allValid { try Self.checkAll(messages) }
                if reading.isDryRun {
                    responder.respond(context.answered(with: context.response(toComposed: messages).response))
                } else {
                    sender.send(
                        messages, policy,
                        once: admitted.idempotencyKey.map { ($0, request.fingerprint) }, context, responder)
                }
            }
        } catch {
            log.invalid(error, context)
            responder.respond(context.answered(with: admitted.dialect.response(to: error)))
        }
    }

    /// Handles a request whose body is still to come.
    func handle(_ request: HTTPStreamedRequest, _ admitted: AdmittedRequest, _ responder: HTTPResponder) {
        sender.send(request, MessageContext(request.head, admitted, tracer), responder)
    }

    /// Checks and composes a message of several.
    private func compose(
        _ draft: Result<Draft, Problem>, _ admitted: AdmittedRequest, isDryRun: Bool
    ) -> Result<Composition, Problem> {
        Result { () throws(Problem) in
            let draft = try draft.get()
            try admitted.check(draft)
            // Under a key only those count that have not been sent before.
            if !isDryRun, admitted.idempotencyKey == nil { try admitted.takeMessage() }
            return try draft.composed(signer: signer)
        }
    }

    /// Whether all of several messages can be sent.
    ///
    /// - Throws: the ``Problem`` with the first that cannot, and its place.
    private static func checkAll(_ messages: [Result<Composition, Problem>]) throws(Problem) {
        for (index, message) in messages.enumerated() {
            if case .failure(let problem) = message { throw problem.under(String(index)) }
        }
    }
}
