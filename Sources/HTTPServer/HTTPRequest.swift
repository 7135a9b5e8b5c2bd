/// The request line and the header section of a request (RFC 9110, section 6).
///
/// An object, because it is passed on many times and never changes.
public final class HTTPRequestHead: Sendable {
    /// The id of the request, which its answer carries as `X-Request-Id`: the client's where that is well formed, otherwise
    /// a new one.
    public let id: String
    /// The address that the connection came from.
    public let client: HTTPClientAddress
    /// The method, as it was sent.
    public let method: String
    /// The path, percent-decoded, without the query.
    public let path: String
    /// The query parameters.
    public let query: HTTPQuery
    /// The header fields.
    public let headers: HTTPHeaders
    /// The length of the body in octets where the client said it; nil with a chunked body, and where there is none.
    public let contentLength: Int?
    /// Whether a body follows.
    public let hasBody: Bool

    init(
        id: String, client: HTTPClientAddress, method: String, path: String, query: HTTPQuery, headers: HTTPHeaders,
        contentLength: Int?, hasBody: Bool
    ) {
        self.id = id
        self.client = client
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.contentLength = contentLength
        self.hasBody = hasBody
    }
}

/// A whole request.
public struct HTTPRequest: Sendable {
    /// Request line and header section.
    public let head: HTTPRequestHead
    /// The body.
    public let body: [UInt8]
    /// What the handler admitted the request with.
    public let context: (any AnyObject & Sendable)?
}

/// A request whose body arrives while it is handled.
public struct HTTPStreamedRequest: Sendable {
    /// Request line and header section.
    public let head: HTTPRequestHead
    /// The body, from its beginning.
    public let body: HTTPRequestBody
    /// What the handler admitted the request with.
    public let context: (any AnyObject & Sendable)?
}

/// A whole request whose body is a form.
public struct HTTPFormRequest: Sendable {
    /// Request line and header section.
    public let head: HTTPRequestHead
    /// The parts in their order.
    public let parts: [HTTPFormPart]
    /// What the handler admitted the request with.
    public let context: (any AnyObject & Sendable)?
}
