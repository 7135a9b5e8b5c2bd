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
    /// The most octets of all messages of one request, which may share an attachment.
    private let maximumOctets: Int

    /// - Parameter maximumMessageBytes: the most octets of a request's body.
    init(
        _ sender: MessageSender, signer: DKIMSigner?, hostDomain: String, maximumMessageBytes: Int,
        tracer: RequestTracer?, log: MessageLog
    ) {
        self.sender = sender
        self.signer = signer
        self.hostDomain = hostDomain
        maximumOctets = 4 * maximumMessageBytes
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
                let messages = try compose(drafts, policy, admitted, isDryRun: reading.isDryRun)
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

    /// Checks and composes several messages.
    ///
    /// - Throws: a ``Problem`` if they are more together than one request may have, or if one keeps all from being sent.
    private func compose(
        _ drafts: [Result<Draft, Problem>], _ policy: BatchPolicy, _ admitted: AdmittedRequest, isDryRun: Bool
    ) throws(Problem) -> [Result<Composition, Problem>] {
        // Under a key only those count that have not been sent before.
        let counts = !isDryRun && admitted.idempotencyKey == nil
        var messages: [Result<Composition, Problem>] = []
        messages.reserveCapacity(drafts.count)
        var octets = 0
        for (index, draft) in drafts.enumerated() {
            let message = Result { () throws(Problem) in
                let draft = try draft.get()
                try admitted.check(draft)
                if counts, policy != .allValid { try admitted.takeMessages(1) }
                return try draft.composed(signer: signer)
            }
            switch message {
            case .success(let composed): octets += composed.content.count
            case .failure(let problem) where policy == .allValid: throw problem.under(String(index))
            case .failure: break
            }
            guard octets <= maximumOctets else { throw .tooManyOctets(limit: maximumOctets) }
            messages.append(message)
        }
        if counts, policy == .allValid { try admitted.takeMessages(messages.count) }
        return messages
    }
}
