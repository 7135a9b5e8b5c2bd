/// What is known of a request that is refused before any of it is handled.
public struct HTTPRefusedRequest: Sendable {
    /// The request; nil if its header section could not be read.
    public let head: HTTPRequestHead?
    /// The id that its response carries.
    public let id: String
    /// The address that it came from.
    public let client: HTTPClientAddress

    /// A request that is refused.
    public init(head: HTTPRequestHead?, id: String, client: HTTPClientAddress) {
        self.head = head
        self.id = id
        self.client = client
    }
}
