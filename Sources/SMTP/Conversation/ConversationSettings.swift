/// What a conversation is to do, fixed before it begins.
struct ConversationSettings: Sendable {
    /// Whether and when the session is moved to TLS.
    enum Security: Hashable, Sendable {
        /// Never STARTTLS.
        case none
        /// STARTTLS where the server offers it; a server that refuses it then is spoken to in clear.
        case opportunistic
        /// STARTTLS or no session.
        case required
        /// TLS is set up before the greeting.
        case implicit
    }

    /// The name given in EHLO.
    var identity: ClientDomain
    var security = Security.none
    /// Whether the server's certificate is verified where there is TLS.
    var verifiesCertificate = true
    var credentials: SMTPCredentials?
    /// Whether credentials may travel without TLS.
    var allowsClearTextAuthentication = false
    /// Whether commands go out in groups where the server offers PIPELINING.
    var usesPipelining = true
    /// The bounds of a reply.
    var replyLimits = ReplyParser.Limits()
    /// Whether transcript actions are wanted.
    var keepsTranscript = false
    /// Whether they hold the content too.
    var recordsContent = false
}
