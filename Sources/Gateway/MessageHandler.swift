internal import HTTPServer
internal import MailAddress

/// One request's way once it is admitted: decode, check, compose, send, respond.
///
/// It knows no format: the dialect of the request decodes and responds. Decoding and composing run on the HTTP server's
/// thread; what waits for the relay goes on where the relay's session lives.
final class MessageHandler: Sendable {
    private let sender: MessageSender
    private let composer: MessageComposer
    private let tracer: RequestTracer?
    private let log: MessageLog
    private let hostDomain: String
    private let defaultAuthor: Mailbox?

    init(
        _ sender: MessageSender, _ composer: MessageComposer, hostDomain: String, defaultAuthor: Mailbox?,
        tracer: RequestTracer?,
        log: MessageLog
    ) {
        self.sender = sender
        self.composer = composer
        self.hostDomain = hostDomain
        self.defaultAuthor = defaultAuthor
        self.tracer = tracer
        self.log = log
    }

    /// Handles a request whose body has arrived.
    func handle(
        _ head: HTTPRequestHead, _ body: MessageRequest.Body, _ admitted: AdmittedRequest, _ responder: HTTPResponder
    ) {
        var context = MessageContext(head, admitted, tracer)
        do throws(Problem) {
            let seed = try composer.seed(admitted.idempotencyKey)
            let request = MessageRequest(
                head: head, body: body, pathValues: admitted.pathValues, hostDomain: hostDomain,
                defaultAuthor: defaultAuthor, seed: seed)
            let reading = try admitted.dialect.read(request)
            context.notes = reading.notes
            switch reading.messages {
            case .one(let draft):
                let composed = try composer.compose(draft, seed: seed, context, isDryRun: reading.isDryRun)
                if reading.isDryRun {
                    responder.respond(context.answered(with: context.response(to: .composed(composed)).response))
                } else if let key = admitted.idempotencyKey {
                    sender.send(composed, once: key, request.fingerprint, context, responder)
                } else {
                    sender.send(composed, context, responder)
                }
            case .several(let drafts, let policy):
                let messages = try composer.compose(drafts, policy, context, isDryRun: reading.isDryRun)
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
}
