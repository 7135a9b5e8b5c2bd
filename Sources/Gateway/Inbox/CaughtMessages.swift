/// Where an embedded relay keeps what it caught.
public protocol CaughtMessages: Sendable {
    /// All messages, the newest first.
    func all() -> [CaughtMessage]
    /// One message, or nil if there is none of that ID.
    func message(id: String) -> CaughtMessage?
    /// The number of a message with an ID, whether it is still kept or not: 0 for an ID of an earlier run, nil for what is no
    /// ID.
    func number(of id: String) -> Int?
    /// Forgets the messages with some IDs, as far as they are there.
    func remove(_ ids: Set<String>)
    /// Forgets all messages.
    func removeAll()
    /// Calls a closure with each message that arrives from now on, after it has been kept.
    func observe(_ observer: @escaping @Sendable (CaughtMessage) -> Void)
}
