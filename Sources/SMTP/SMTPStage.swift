/// How far a session or a transaction had come (RFC 5321, section 3).
public enum SMTPStage: String, Hashable, Sendable, CaseIterable {
    /// The TCP connection, and the TLS handshake where TLS comes first.
    case connect
    /// The server's greeting.
    case greeting
    /// EHLO, or HELO.
    case ehlo
    /// STARTTLS and its handshake.
    case startTLS = "starttls"
    /// AUTH.
    case auth
    /// MAIL FROM.
    case mail
    /// RCPT TO.
    case rcpt
    /// DATA.
    case data
    /// The content and the reply to its final dot.
    case content
    /// Ending the session.
    case quit
}
