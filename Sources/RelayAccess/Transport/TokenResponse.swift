/// The answer of a token endpoint, as HTTP carries it.
public struct TokenResponse: Sendable, Hashable {
    /// The status (RFC 9110, section 15).
    public let status: Int
    /// The field Retry-After (RFC 9110, section 10.2.3), or nil if there is none.
    public let retryAfter: String?
    /// The body, 64 KiB at most.
    public let body: [UInt8]

    /// Makes an answer.
    public init(status: Int, retryAfter: String? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}
