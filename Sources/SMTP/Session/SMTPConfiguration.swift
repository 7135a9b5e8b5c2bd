internal import NIOCore
internal import NIOPosix

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
    /// Whether the name given in EHLO is the connection's own address, as a literal (RFC 5321, section 4.1.4): for a host
    /// that has no name of its own. `identity` then counts only if the address is not known.
    public var identifiesByAddress = false
    /// Whether commands go out in groups where the server offers PIPELINING (RFC 2920). Without, each waits for the reply
    /// to the one before: for a middlebox that passes one command at a time.
    public var usesPipelining = true
    /// The local address of the connections, an IPv4 or IPv6 address without a port; nil for what the system chooses. Only
    /// addresses of the server that are of its family are tried.
    public var sourceAddress: String?
    /// The proxy on the way to the server, or nil for none.
    public var proxy: SMTPProxy?
    /// Resolves `host` instead of the system; for tests.
    var resolver: (@Sendable (any EventLoop) -> any Resolver & Sendable)?
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
            allowsClearTextAuthentication: allowsClearTextAuthentication, usesPipelining: usesPipelining,
            keepsTranscript: transcript != nil,
            recordsContent: transcript?.includesContent ?? false)
    }
}
