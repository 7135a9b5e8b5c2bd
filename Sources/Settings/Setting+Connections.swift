/// What clients may hold.
extension Setting {
    package static let ofConnections = [
        maxConnections, maxConnectionsPerAddress, trustedProxies, idleTimeout, requestTimeout, maxHeaderBytes,
    ]

    package static let maxConnections = Setting(
        "POSTERN_MAX_CONNECTIONS", .number(1...1_000_000), default: "12000", "connections of clients at once")
    package static let maxConnectionsPerAddress = Setting(
        "POSTERN_MAX_CONNECTIONS_PER_ADDRESS", .number(0...1_000_000), default: "0",
        "connections of one client address at once (IPv6: of a /64); 0 for no limit, as behind a proxy")
    package static let trustedProxies = Setting(
        "POSTERN_TRUSTED_PROXIES", .list,
        "addresses and networks of proxies whose X-Forwarded-For is trusted, or unix for a socket; for rates by address and the log"
    )
    package static let idleTimeout = Setting(
        "POSTERN_IDLE_TIMEOUT", .time, default: "60s", "how long a connection is kept without any traffic")
    package static let requestTimeout = Setting(
        "POSTERN_REQUEST_TIMEOUT", .time, default: "30s",
        "how long a client may take over a request, and over reading its answer, with 1s more for every 16 KiB")
    package static let maxHeaderBytes = Setting(
        "POSTERN_MAX_HEADER_BYTES", .bytes(4096...1_048_576), default: "32768",
        "largest request line and header section: then 414 or 431")
}
