/// How a server listens and what it allows.
public struct HTTPServerConfiguration: Sendable {
    /// A certificate chain and its private key, both PEM.
    public struct TLS: Hashable, Sendable {
        /// The chain, PEM.
        public let certificate: [UInt8]
        /// The key, PEM.
        public let key: [UInt8]

        /// A chain, the server's certificate first, and the key to it.
        public init(certificate: [UInt8], key: [UInt8]) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The host to listen on: a name, an IPv4 or an IPv6 address, or `unix:` and the path of a socket.
    public var host: String
    /// The port to listen on; 0 for a free one.
    public var port: Int
    /// The socket to serve, in place of one of its own at `host` and `port`; nil for none.
    public var inheritedSocket: InheritedSocket?
    /// The threads that read requests and write answers. None of them ever waits for a handler.
    public var threads = 2
    /// Most connections at once. Where the process may not open so many descriptors, there are fewer.
    public var connectionLimit = 12_000
    /// Descriptors that clients' connections leave free, for all else that the process opens.
    public var reservedDescriptors = 64
    /// Octets of a request line and header section: then 414 or 431.
    public var maximumHeaderBytes = 32 * 1024
    /// Seconds that a client may take for a body, as far as the server waits for it, before `minimumBodyRate` counts.
    public var bodyGrace = 60
    /// Octets a second that a body has to come with on the average, or its connection is closed: a client that sends an
    /// octet now and then is not idle, and would hold what it holds for ever.
    public var minimumBodyRate = 1024
    /// Most connections of one client address, with IPv6 of one network of 64 bits; nil for as many as there may be at
    /// all. Behind a proxy all clients have one address.
    public var connectionsPerAddress: Int?
    /// The proxies whose `X-Forwarded-For` is trusted; nil for none. The limit of connections still counts
    /// the addresses that connections come from.
    public var trustedProxies: TrustedProxies?
    /// How long a connection is kept without any traffic.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may take over a request, from its first octet to its last, and then over the answer; a second is
    /// added for every 16 KiB. The time in which the handler works is not counted.
    public var requestTimeout: Duration = .seconds(30)
    /// Connections that wait to be accepted.
    public var backlog = 4096
    /// The certificate for HTTPS, or nil for HTTP.
    public var tls: TLS?

    /// The path of the socket in the file system, if the server listens on one.
    public var path: String? { host.hasPrefix("unix:") ? String(host.dropFirst("unix:".count)) : nil }

    /// A server at an address, with the defaults.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
