internal import NIOCore

/// A message that waits for a session.
struct WaitingMessage<Message> {
    let message: Message
    /// How many recipients it goes to.
    let recipients: Int
    let since: NIODeadline
    let deadline: NIODeadline
    /// Whether the message may be chained: not again, if it was and came back.
    var mayBeChained = true
    /// What the server said to the message where it was chained. It decides if the server does not reply when the message is
    /// sent again.
    var refusal: SMTPError?

    init(_ message: Message, recipients: Int, since: NIODeadline, deadline: NIODeadline) {
        self.message = message
        self.recipients = recipients
        self.since = since
        self.deadline = deadline
    }
}
