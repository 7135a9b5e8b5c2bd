/// What becomes of a request whose header section has arrived.
///
/// Whoever admits a request says at once what handles it, and that closure holds what was found out on the way: there is
/// no request whose admission has to be looked up, or could be missing. It is called on a thread of the server, must not
/// wait, and responds through the responder, at once or later from any thread.
public enum HTTPAdmission: Sendable {
    /// The body is read, up to so many octets, and the handler gets the whole request.
    case whole(maximumBodyBytes: Int, @Sendable (HTTPRequest, HTTPResponder) -> Void)
    /// The handler gets the request at once, and reads the body, of at most so many octets, while it arrives. A response
    /// before the end of the body goes out when the client has sent the rest, which is dropped: many clients read nothing
    /// before.
    case stream(maximumBodyBytes: Int, @Sendable (HTTPStreamedRequest, HTTPResponder) -> Void)
    /// The body is a form, `multipart/form-data` or `application/x-www-form-urlencoded`, and the handler gets its parts.
    case form(maximumBodyBytes: Int, maximumParts: Int, @Sendable (HTTPFormRequest, HTTPResponder) -> Void)
    /// The request is answered without reading its body.
    case refuse(HTTPResponse)
}

/// What a server asks for each request.
public protocol HTTPHandler: Sendable {
    /// The header section has arrived and no octet of the body has been read. Called on a thread of the server; must
    /// not wait.
    func admit(_ head: HTTPRequestHead) -> HTTPAdmission

    /// The answer to a form that cannot be read: 400.
    func malformed(_ head: HTTPRequestHead, _ error: HTTPFormError) -> HTTPResponse

    /// All requests that had arrived on this thread of the server have been handed over: what was gathered of them may go
    /// on together. Called on that thread; must not wait.
    func turnEnded()

    /// A response is handed over to be written: for counting. Called on that thread, whose number it is; must not wait.
    ///
    /// - Parameter head: the request; nil if its header section could not be read.
    func answered(_ head: HTTPRequestHead?, status: Int, thread: Int)

    /// The response to a request that breaks the syntax of HTTP or a limit of the server, or does not arrive in time. The
    /// connection is closed after it.
    func refused(_ error: HTTPRequestError, _ request: HTTPRefusedRequest) -> HTTPResponse

    /// Connections were closed because their clients took too long over a request or an answer. Called on a thread of the
    /// server, once for many; must not wait.
    func gaveUp(connections: Int)

    /// The answer to a body that is larger than admitted: 413.
    func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse

    /// The answer to a request that is still unanswered when the server stops: 503.
    ///
    /// - Parameter isHandled: whether the handler has had the request.
    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse
}

extension HTTPHandler {
    /// A plain 400.
    public func malformed(_ head: HTTPRequestHead, _ error: HTTPFormError) -> HTTPResponse {
        .plain(400, "\(error)\n")
    }

    /// Nothing.
    public func answered(_ head: HTTPRequestHead?, status: Int, thread: Int) {}

    /// A plain response.
    public func refused(_ error: HTTPRequestError, _ request: HTTPRefusedRequest) -> HTTPResponse {
        .plain(error.status, "\(error)\n")
    }

    /// Nothing.
    public func turnEnded() {}

    /// Nothing.
    public func gaveUp(connections: Int) {}

    /// A plain 413.
    public func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse {
        .plain(413, "the body has more than \(limit) bytes\n")
    }

    /// A plain 503.
    public func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        .plain(503, "the server is shutting down\n")
    }
}
