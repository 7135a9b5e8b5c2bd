/// The request line and the header section of a request (RFC 9110, section 6).
///
/// An object, because it is passed on many times and never changes.
public final class HTTPRequestHead: Sendable {
    /// The id of the request, which its answer carries as `X-Request-Id`: the client's if that is well formed, otherwise
    /// a new one.
    public let id: String
    /// The address that the request came from: the connection's, or what a trusted proxy says.
    public let client: HTTPClientAddress
    /// When the header section had arrived.
    public let arrivedAt = ContinuousClock.now
    /// The method, as it was sent.
    public let method: String
    /// The path, percent-decoded, without the query. An encoded slash stays `%2F`: it separates nothing.
    public let path: String
    /// The query parameters.
    public let query: HTTPQuery
    /// The header fields.
    public let headers: HTTPHeaders
    /// The length of the body in octets if the client said it; nil with a chunked body, and without a body.
    public let contentLength: Int?
    /// Whether a body follows.
    public let hasBody: Bool

    /// Whether the request is of HTTP/1.1, not of HTTP/1.0.
    let isVersion11: Bool
    /// Whether the client has the connection closed after the response.
    let closes: Bool
    /// Whether a client of HTTP/1.0 has the connection kept.
    let keepsAlive: Bool

    init(_ section: RequestSection, from client: HTTPClientAddress) {
        id = RequestIdentifier.of(section.headers)
        self.client = client
        method = section.method
        path = section.path
        query = section.query
        headers = section.headers
        contentLength = section.contentLength
        hasBody = section.framing != .none
        isVersion11 = section.isVersion11
        closes = section.closes
        keepsAlive = section.keepsAlive
    }
}
