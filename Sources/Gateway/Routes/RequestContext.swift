internal import HTTPServer

/// What is known of a request beside its message: for the log and the trace.
struct RequestContext: Sendable {
    /// The request's id, which its answer carries.
    let id: String
    let caller: Caller
    let trace: TraceParent?
    let start: ContinuousClock.Instant
    /// Nil where nobody traces.
    let span: RequestSpan?
    /// The place of the message in its batch; nil for a message of its own.
    private(set) var index: Int?

    /// - Parameters:
    ///   - context: what the request was admitted with.
    ///   - tracer: what starts a span; nil where nobody traces.
    init(_ head: HTTPRequestHead, _ context: (any AnyObject & Sendable)?, _ tracer: RequestTracer?) {
        id = head.id
        caller = context as? Caller ?? .unknown
        trace = head.headers["traceparent"].flatMap { TraceParent($0) }
        start = .now
        span = tracer?.span(of: head, caller)
    }

    /// The context of a message of the batch.
    func at(_ index: Int) -> RequestContext {
        var context = self
        context.index = index
        return context
    }

    /// Where the exchanges about a message belong.
    ///
    /// - Parameter id: its Message-ID.
    func trace(of id: String) -> MessageTrace? {
        span.map { MessageTrace(request: $0, id: id, index: index) }
    }

    /// The request is answered with that.
    func answered(with response: HTTPResponse) -> HTTPResponse {
        span?.end(status: response.status)
        return response
    }
}
