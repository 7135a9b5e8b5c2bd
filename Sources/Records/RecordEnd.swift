/// How an attempt under a key ends.
public enum RecordEnd: Hashable, Sendable {
    /// It was not begun: the key is free, or open as it was before.
    case free
    /// Nothing was sent, and the key may be used again for the same message.
    case open
    /// What became of the message is known for good.
    case done(KeptResponse)
}
