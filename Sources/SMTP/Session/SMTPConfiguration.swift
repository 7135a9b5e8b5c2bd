/// How sessions with one server are set up.
public struct SMTPConfiguration: Sendable {
    /// The server's name or address.
    public var host: String
    /// The server's port.
    public var port: Int
    /// The name given in EHLO.
    public var identity: ClientDomain
    /// Whether and how TLS is used.
    public var security: SMTPSecurity
    /// The credentials for AUTH, or nil for none.
    public var credentials: SMTPCredentials?
    /// Whether credentials may travel without TLS.
    public var allowsClearTextAuthentication = false
    /// The bound of each stage.
    public var timeouts = SMTPTimeouts()
    /// Where the protocol is written down, or nil for nowhere.
    public var transcript: SMTPTranscript?

    /// A configuration for a server.
    public init(
        host: String, port: Int = 25, identity: ClientDomain, security: SMTPSecurity = .none,
        credentials: SMTPCredentials? = nil
    ) {
        self.host = host
        self.port = port
        self.identity = identity
        self.security = security
        self.credentials = credentials
    }

    var conversation: ConversationSettings {
        ConversationSettings(
            identity: identity, security: security.mode, verifiesCertificate: security.verifiesCertificate,
            credentials: credentials,
            allowsClearTextAuthentication: allowsClearTextAuthentication, keepsTranscript: transcript != nil,
            recordsContent: transcript?.includesContent ?? false)
    }
}
