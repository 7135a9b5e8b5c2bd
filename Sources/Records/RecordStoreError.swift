/// Why a store did not do what it was asked to. In both cases the message was not sent.
public enum RecordStoreError: Error, Hashable, Sendable {
    /// The store cannot be reached, or cannot keep anything.
    case unavailable
    /// Another instance has taken the key over, because this one was not heard of for too long.
    case lost
}
