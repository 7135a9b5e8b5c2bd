internal import HTTPServer

/// What is known of a request beside its message: for the log.
struct RequestContext: Sendable {
    /// The request's id, which its answer carries.
    let id: String
    let caller: Caller
    let trace: TraceParent?
    let start: ContinuousClock.Instant
    /// The place of the message in its batch; nil for a message of its own.
    private(set) var index: Int?

    /// - Parameter context: what the request was admitted with.
    init(_ head: HTTPRequestHead, _ context: (any AnyObject & Sendable)?) {
        id = head.id
        caller = context as? Caller ?? .unknown
        trace = head.headers["traceparent"].flatMap { TraceParent($0) }
        start = .now
    }

    /// The context of a message of the batch.
    func at(_ index: Int) -> RequestContext {
        var context = self
        context.index = index
        return context
    }
}
