/// A setting of the gateway: an environment variable with its default and meaning.
public struct Setting: Hashable, Sendable {
    /// The variable's name.
    public let name: String
    /// The default as it would be written, or nil where there is none.
    public let defaultValue: String?
    /// What it is for, in a few words.
    public let meaning: String
    /// Whether the value is never shown.
    public let isSecret: Bool

    init(_ name: String, default defaultValue: String?, _ meaning: String, secret: Bool = false) {
        self.name = name
        self.defaultValue = defaultValue
        self.meaning = meaning
        isSecret = secret
    }

    /// All settings, in the order in which they are shown.
    public static let all: [Setting] = [
        listen, relayURL, relayCAFile, relayConnections, relayConnectTimeout, relayReplyTimeout,
        relayFinalReplyTimeout, queueTimeout, maxInFlight, heloName, apiKeys, apiKeysFile, allowAnonymous,
        maxMessageBytes, tlsCertificateFile, tlsKeyFile, logLevel, logFormat, shutdownGrace,
    ]

    static let listen = Setting("POSTERN_LISTEN", default: "127.0.0.1:8080", "address of the HTTP server")
    static let relayURL = Setting(
        "POSTERN_RELAY_URL", default: nil, "smtp://[user:password@]host[:port][?tls=none|opportunistic|required]",
        secret: true)
    static let relayCAFile = Setting("POSTERN_RELAY_CA_FILE", default: nil, "extra trust roots for the relay (PEM)")
    static let relayConnections = Setting(
        "POSTERN_RELAY_CONNECTIONS", default: "16", "most sessions open to the relay at once")
    static let relayConnectTimeout = Setting(
        "POSTERN_RELAY_CONNECT_TIMEOUT", default: "10s", "TCP connection and greeting")
    static let relayReplyTimeout = Setting(
        "POSTERN_RELAY_REPLY_TIMEOUT", default: "60s", "each reply but the last, and each write")
    static let relayFinalReplyTimeout = Setting(
        "POSTERN_RELAY_FINAL_REPLY_TIMEOUT", default: "10m", "the reply to the final dot")
    static let queueTimeout = Setting(
        "POSTERN_QUEUE_TIMEOUT", default: "30s", "how long a request may wait for a session")
    static let maxInFlight = Setting("POSTERN_MAX_IN_FLIGHT", default: "10000", "requests taken at once")
    static let heloName = Setting("POSTERN_HELO_NAME", default: nil, "the name given in EHLO; by default this host's")
    static let apiKeys = Setting(
        "POSTERN_API_KEYS", default: nil, "keys, separated by commas or lines, each `name:key` or `key`", secret: true)
    static let apiKeysFile = Setting("POSTERN_API_KEYS_FILE", default: nil, "a file that holds the keys")
    static let allowAnonymous = Setting(
        "POSTERN_ALLOW_ANONYMOUS", default: "false", "start without keys on an address that is not loopback")
    static let maxMessageBytes = Setting(
        "POSTERN_MAX_MESSAGE_BYTES", default: "26214400", "largest request body in bytes")
    static let tlsCertificateFile = Setting(
        "POSTERN_TLS_CERTIFICATE_FILE", default: nil, "certificate chain for HTTPS (PEM)")
    static let tlsKeyFile = Setting("POSTERN_TLS_KEY_FILE", default: nil, "private key for HTTPS (PEM)")
    static let logLevel = Setting(
        "POSTERN_LOG_LEVEL", default: "info", "trace, debug, info, notice, warning, error or critical")
    static let logFormat = Setting("POSTERN_LOG_FORMAT", default: nil, "json or text; by default text on a terminal")
    static let shutdownGrace = Setting("POSTERN_SHUTDOWN_GRACE", default: "30s", "how long a drain may take")
}
