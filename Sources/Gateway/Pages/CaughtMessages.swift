/// A message that an embedded relay caught instead of delivering it.
public struct CaughtMessage: Sendable {
    /// The id by which it is asked for.
    public let id: String
    /// When it was received, as RFC 3339 has it.
    public let receivedAt: String
    /// The reverse-path, empty for the null reverse-path.
    public let from: String
    /// The forward-paths.
    public let to: [String]
    /// The header fields in their order, unfolded.
    public let headers: [(name: String, value: String)]
    /// The message as it was received.
    public let raw: [UInt8]

    /// A caught message.
    public init(
        id: String, receivedAt: String, from: String, to: [String], headers: [(name: String, value: String)],
        raw: [UInt8]
    ) {
        self.id = id
        self.receivedAt = receivedAt
        self.from = from
        self.to = to
        self.headers = headers
        self.raw = raw
    }
}

/// Where an embedded relay keeps what it caught.
public protocol CaughtMessages: Sendable {
    /// All messages, the newest first.
    func all() -> [CaughtMessage]
    /// One message, or nil where there is none of that id.
    func message(id: String) -> CaughtMessage?
    /// Forgets all messages.
    func removeAll()
}
