internal import HTTPServer

/// What a client is told if its request is not handled: each refusal is logged, and said in the dialect of its endpoint.
struct Refusals: Sendable {
    let endpoints: EndpointTable
    let log: MessageLog

    /// The response to a request that is refused before it was handled. Under an Idempotency-Key the message may have been
    /// sent before, so it claims no outcome.
    func response(to problem: Problem, of head: HTTPRequestHead) -> HTTPResponse {
        let problem = head.headers[IdempotencyKey.field] == nil ? problem : problem.withoutClaim
        log.refused(problem, HTTPRefusedRequest(head: head, id: head.id, client: head.client))
        return endpoints.response(to: problem, of: head)
    }

    /// The response to a request that could not be read, or was not read in time.
    func response(to error: HTTPRequestError, of request: HTTPRefusedRequest) -> HTTPResponse {
        let problem = Problem(error)
        if let head = request.head { return response(to: problem, of: head) }
        log.refused(problem, request)
        return problem.response
    }
}
