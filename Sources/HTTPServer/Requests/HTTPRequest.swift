/// A whole request.
public struct HTTPRequest: Sendable {
    /// Request line and header section.
    public let head: HTTPRequestHead
    /// The body.
    public let body: [UInt8]
}
