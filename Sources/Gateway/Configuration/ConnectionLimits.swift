internal import HTTPServer

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

extension Setting {
    static let ofConnections = [
        maxConnections, maxConnectionsPerAddress, trustedProxies, idleTimeout, requestTimeout, maxHeaderBytes,
    ]

    static let maxConnections = Setting(
        "POSTERN_MAX_CONNECTIONS", .number(1...1_000_000), default: "12000", "connections of clients at once")
    static let maxConnectionsPerAddress = Setting(
        "POSTERN_MAX_CONNECTIONS_PER_ADDRESS", .number(0...1_000_000), default: "0",
        "connections of one client address at once (IPv6: of a /64); 0 for no limit, as behind a proxy")
    static let trustedProxies = Setting(
        "POSTERN_TRUSTED_PROXIES", .list,
        "addresses and networks of proxies whose X-Forwarded-For is trusted, or unix for a socket; for rates by address and the log"
    )
    static let idleTimeout = Setting(
        "POSTERN_IDLE_TIMEOUT", .time, default: "60s", "how long a connection is kept without any traffic")
    static let requestTimeout = Setting(
        "POSTERN_REQUEST_TIMEOUT", .time, default: "30s",
        "how long a client may take over a request, and over reading its answer, with 1s more for every 16 KiB")
    static let maxHeaderBytes = Setting(
        "POSTERN_MAX_HEADER_BYTES", .bytes(4096...1_048_576), default: "32768",
        "largest request line and header section: then 414 or 431")
}
