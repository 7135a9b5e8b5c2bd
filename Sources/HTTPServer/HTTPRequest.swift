/// The request line and the header section of a request (RFC 9110, section 6).
public struct HTTPRequestHead: Sendable {
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
}

/// A whole request.
public struct HTTPRequest: Sendable {
    /// Request line and header section.
    public let head: HTTPRequestHead
    /// The body.
    public let body: [UInt8]
}
