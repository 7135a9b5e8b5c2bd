/// What a store says to a request under a key.
public enum RecordDecision: Hashable, Sendable {
    /// The message is to be sent now.
    case begun
    /// A request under this key has not been answered yet.
    case inFlight
    /// The key stands for another message.
    case otherMessage
    /// The message is through with, and this was the response.
    case replay(KeptResponse)
    /// The instance that sent the message ended before it knew what became of it.
    case unknown
}
