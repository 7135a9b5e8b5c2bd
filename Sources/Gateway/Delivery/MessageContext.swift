internal import HTTPServer

/// What is known of a request beside its messages: for the log, the trace and the response.
struct MessageContext: Sendable {
    /// What does not change while the request is handled. It goes through many hands, and they share it.
    private final class Request: Sendable {
        let id: String
        let client: HTTPClientAddress
        let admitted: AdmittedRequest
        let trace: TraceParent?
        let start: ContinuousClock.Instant
        let span: RequestSpan?

        init(_ head: HTTPRequestHead, _ admitted: AdmittedRequest, _ tracer: RequestTracer?) {
            id = head.id
            client = head.client
            self.admitted = admitted
            start = .now
            span = tracer?.span(of: head, admitted)
            trace = (span?.traceParent ?? head.headers["traceparent"]).flatMap { TraceParent($0) }
        }
    }

    private let request: Request
    /// What the dialect wants to know again for the response.
    var notes = ReadingNotes.none
    /// The place of the message in its batch; nil for a message of its own.
    private(set) var index: Int?

    /// - Parameter tracer: what starts a span; nil if nobody traces.
    init(_ head: HTTPRequestHead, _ admitted: AdmittedRequest, _ tracer: RequestTracer?) {
        request = Request(head, admitted, tracer)
    }

    /// The request's id, which its response carries.
    var id: String { request.id }
    var client: HTTPClientAddress { request.client }
    var admitted: AdmittedRequest { request.admitted }
    var caller: Caller { request.admitted.caller }
    /// The span of the request, or else the one that the client named: what the log names, and what a message carries.
    var trace: TraceParent? { request.trace }
    var start: ContinuousClock.Instant { request.start }

    /// The context of a message of the batch.
    func at(_ index: Int) -> MessageContext {
        var context = self
        context.index = index
        return context
    }

    /// Whether somebody traces.
    var isTraced: Bool { request.span != nil }

    /// Where the exchanges about a message belong.
    ///
    /// - Parameter id: its Message-ID.
    func trace(of id: String) -> MessageTrace? {
        request.span.map { MessageTrace(request: $0, id: id, index: index) }
    }

    /// Returns the response for a message.
    func response(to outcome: MessageOutcome) -> MessageResponse {
        MessageResponse(admitted.dialect.response(to: outcome, of: notes, at: index), isFinal: outcome.isFinal)
    }

    /// Returns the response for several messages of which nothing was to be sent.
    func response(toComposed messages: [Result<Composition, Problem>]) -> MessageResponse {
        let responses = messages.enumerated().map { index, message in
            switch message {
            case .success(let composed): at(index).response(to: .composed(composed))
            case .failure(let problem): at(index).response(to: .failed(problem))
            }
        }
        return MessageResponse(admitted.dialect.response(to: responses, of: notes), isFinal: true)
    }

    /// Ends the span of the request with the status of its response.
    func answered(with response: HTTPResponse) -> HTTPResponse {
        request.span?.end(status: response.status)
        return response
    }
}
