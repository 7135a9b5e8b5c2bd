/// What becomes of a request whose header section has arrived.
public enum HTTPAdmission: Sendable {
    /// The body is read, up to so many octets. What the handler found out on the way is handed back with the request.
    case accept(maximumBodyBytes: Int, context: (any AnyObject & Sendable)? = nil)
    /// The request is answered without reading its body.
    case refuse(HTTPResponse)
}

/// What a server asks for each request.
public protocol HTTPHandler: Sendable {
    /// The header section has arrived and no octet of the body has been read. Called on a thread of the server; must
    /// not wait.
    func admit(_ head: HTTPRequestHead) -> HTTPAdmission

    /// The request is complete. Called on a thread of the server; must not wait, and answers through the responder,
    /// at once or later from any thread.
    func handle(_ request: HTTPRequest, responder: HTTPResponder)

    /// All requests that had arrived on this thread of the server have been handed over: what was gathered of them may go
    /// on together. Called on that thread; must not wait.
    func turnEnded()

    /// The answer to a body that is larger than admitted: 413.
    func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse

    /// The answer to a request that is still unanswered when the server stops: 503.
    ///
    /// - Parameter isHandled: whether the handler has had the request.
    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse
}

extension HTTPHandler {
    /// Nothing.
    public func turnEnded() {}

    /// A plain 413.
    public func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse {
        .plain(413, "the body has more than \(limit) bytes\n")
    }

    /// A plain 503.
    public func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        .plain(503, "the server is shutting down\n")
    }
}
