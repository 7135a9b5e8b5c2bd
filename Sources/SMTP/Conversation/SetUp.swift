/// How far the set-up of a session has come (RFC 5321, section 3.1; RFC 3207; RFC 4954).
enum SetUp {
    /// The server has the first word. Goes to `ehlo`.
    case greeting
    /// EHLO has been sent. Goes to `helo`, `startTLS` or `authentication`, or ends the set-up.
    case ehlo
    /// The server does not know EHLO, and HELO has been sent. Goes to `authentication`, or ends the set-up.
    case helo
    /// STARTTLS has been sent. Goes to `handshake`; to `authentication`, or the set-up's end, if the server refuses it and
    /// TLS is not required.
    case startTLS
    /// The TLS handshake is under way. Goes to `ehlo`, or to `greeting` where TLS comes first.
    case handshake
    /// AUTH is under way. Ends the set-up.
    case authentication(Authentication)
}
