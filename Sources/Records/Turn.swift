/// When a message may be sent to a relay that has a rate limit.
public enum Turn: Equatable, Sendable {
    /// After so long.
    case after(Duration)
    /// The wait would be longer than the message may wait; after so long it would not.
    case refuse(retryAfter: Duration)
}
