/// A message whose envelope goes out behind the content of the one before.
struct ChainedMessage<Message> {
    let message: Message
    /// How long the server may take for the reply to its MAIL, or nil for as long as for any reply.
    let patience: Duration?
}
