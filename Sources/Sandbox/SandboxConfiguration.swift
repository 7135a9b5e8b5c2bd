/// The bounds of a sandbox. Each has a default with which the server can face any client on loopback.
public struct SandboxConfiguration: Hashable, Sendable {
    /// The name that the server gives in its greeting and in its reply to EHLO (RFC 5321, section 4.2).
    public var serverName = "localhost"
    /// Most messages that the inbox keeps; at least one is kept.
    public var maximumMessages = 500
    /// Most octets that the inbox keeps, envelopes counted in. The newest message is kept whatever its size.
    public var maximumInboxOctets = 64 * 1024 * 1024
    /// Most octets of one message's content, offered as SIZE (RFC 1870). More than the 25 MiB that the gateway takes by
    /// default become in base64. It is also what one connection can make the server hold.
    public var maximumMessageOctets = 64 * 1024 * 1024
    /// Most recipients of one message; RFC 5321, section 4.5.3.1.8, wants room for 100 at least.
    public var maximumRecipients = 1000
    /// Most connections at once: far more than a pool opens, far fewer than a process may have descriptors.
    public var maximumConnections = 512
    /// How long a client may be silent: five minutes by RFC 5321, section 4.5.3.2.7.
    public var idleTimeout = Duration.seconds(300)

    /// The defaults.
    public init() {}
}
