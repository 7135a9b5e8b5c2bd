internal import NIOCore

/// A message for whose content the server waits.
struct OpenedMessage<Message> {
    let message: Message
    /// How long it has waited for the session.
    let waited: TimeAmount
}
