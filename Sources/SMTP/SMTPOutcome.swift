/// What is known about a message when its transaction failed.
public enum SMTPOutcome: String, Hashable, Sendable {
    /// The server did not take the message. It can be sent again without arriving twice.
    case notSent = "not_sent"
    /// The final dot was sent and no reply came: the server may or may not have taken the message
    /// (RFC 5321, section 4.2.5; RFC 1047).
    case unknown
}
