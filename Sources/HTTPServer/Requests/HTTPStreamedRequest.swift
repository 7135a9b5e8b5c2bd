/// A request whose body arrives while it is handled.
public struct HTTPStreamedRequest: Sendable {
    /// Request line and header section.
    public let head: HTTPRequestHead
    /// The body, from its beginning.
    public let body: HTTPRequestBody
}
