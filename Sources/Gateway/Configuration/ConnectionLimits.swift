internal import HTTPServer
internal import Settings

/// What clients may hold: connections, memory and time.
public struct ConnectionLimits: Sendable {
    /// Connections at once.
    public var connections: Int
    /// Connections of one client address at once; nil for as many as there may be at all.
    public var connectionsPerAddress: Int?
    /// How long a connection is kept without any traffic.
    public var idleTimeout: Duration
    /// How long a client may take over a request, and over its answer, with a second more for every 16 KiB.
    public var requestTimeout: Duration
    /// Octets of a request's line and header section.
    public var headerBytes: Int
    /// The proxies whose `X-Forwarded-For` is trusted; nil for none.
    var trustedProxies: TrustedProxies?

    init(_ values: SettingValues) throws(ConfigurationError) {
        connections = try values.integer(.maxConnections)
        let perAddress = try values.integer(.maxConnectionsPerAddress)
        connectionsPerAddress = perAddress == 0 ? nil : perAddress
        idleTimeout = try values.duration(.idleTimeout)
        requestTimeout = try values.duration(.requestTimeout)
        headerBytes = try values.integer(.maxHeaderBytes)
        if values.value(of: .trustedProxies) != nil {
            let texts = values.list(.trustedProxies)
            guard !texts.isEmpty, let proxies = TrustedProxies(texts) else {
                throw ConfigurationError(
                    Setting.trustedProxies.name,
                    "it does not hold addresses and networks only; write them like 192.0.2.1, 10.0.0.0/8, 2001:db8::/32 or unix"
                )
            }
            trustedProxies = proxies
        }
    }

    /// Puts the limits into the configuration of the HTTP server.
    func apply(to server: inout HTTPServerConfiguration) {
        server.connectionLimit = connections
        server.connectionsPerAddress = connectionsPerAddress
        server.idleTimeout = idleTimeout
        server.requestTimeout = requestTimeout
        server.maximumHeaderBytes = headerBytes
        server.trustedProxies = trustedProxies
    }
}
