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
