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
