/// The table of settings. From it come the checks at the start, `--help`, `postern config` and docs/configuration.md.
///
/// A new setting is one declaration, here or in the group to which it belongs, and its name in the list of the group.
extension Setting {
    /// All settings, in the order in which they are shown.
    public static let all: [Setting] =
        [
            listen, allowAnonymous, apiKeys, tlsCertificateFile, tlsKeyFile, maxMessageBytes, maxInFlight, queueTimeout,
            shutdownDelay, shutdownGrace, vendorAPIs, defaultFrom, heloName, dkimKeys, logLevel, logFormat,
            logAddresses, traceMessages, routes,
        ] + ofAccess + ofConnections + ofRecords + ofSandbox + ofRelays

    /// The settings that each relay may have for itself, as `POSTERN_RELAY_<NAME>_…`.
    package static let ofRelays: [Setting] =
        [
            relayURL, relayCAFile, relayClientCertificateFile, relayClientKeyFile, relayProxy, relaySourceAddress,
            relaySender,
            relayConnections,
            relaySessionMessages, relayPipelining, relayConnectTimeout,
            relayReplyTimeout, relayFinalReplyTimeout, relayRate, relayBreakerFailures, relayBreakerPause,
        ] + ofAccessTokens

    // MARK: HTTP

    package static let listen = Setting(
        "POSTERN_LISTEN", .text, default: "127.0.0.1:8080",
        "address of the HTTP server, host:port, or unix:/path for a socket")
    package static let allowAnonymous = Setting(
        "POSTERN_ALLOW_ANONYMOUS", .flag, default: "false",
        "without keys the gateway starts on a loopback address only, unless this is true")
    package static let apiKeys = Setting("POSTERN_API_KEYS", .list, "keys, each `name:key` or `key`", secret: true)
    package static let tlsCertificateFile = Setting(
        "POSTERN_TLS_CERTIFICATE_FILE", .file, "certificate chain for HTTPS (PEM, TLS 1.2 and later)")
    package static let tlsKeyFile = Setting("POSTERN_TLS_KEY_FILE", .file, "private key for HTTPS (PEM)")
    package static let maxMessageBytes = Setting(
        "POSTERN_MAX_MESSAGE_BYTES", .bytes(1024...1_073_741_824), default: "26214400", "largest request body")
    package static let maxInFlight = Setting(
        "POSTERN_MAX_IN_FLIGHT", .number(1...100_000), default: "10000", "requests taken at once: then 503")
    package static let queueTimeout = Setting(
        "POSTERN_QUEUE_TIMEOUT", .time, default: "30s", "how long a request may wait for a session: then 503")
    package static let shutdownDelay = Setting(
        "POSTERN_SHUTDOWN_DELAY", .delay, default: "1s",
        "how long after SIGTERM messages are still taken while /readyz says no, so that load balancers notice first")
    package static let shutdownGrace = Setting(
        "POSTERN_SHUTDOWN_GRACE", .time, default: "30s", "how long a drain may take")

    package static let vendorAPIs = Setting(
        "POSTERN_VENDOR_APIS", .list, default: "resend, postmark, sendgrid, mailgun",
        "the vendors whose APIs are served, so that programs written for them need another base URL only; `none` for none"
    )

    package static let defaultFrom = Setting(
        "POSTERN_DEFAULT_FROM", .text,
        "the From address of a JSON or form request that has none, for example `Shop <shop@example.org>`")

    // MARK: SMTP

    package static let heloName = Setting(
        "POSTERN_HELO_NAME", .text,
        "the name given in EHLO, a domain or an address literal such as `[192.0.2.1]`; by default this host's name, or the "
            + "connection's own address if that name has no dot")
    package static let dkimKeys = Setting(
        "POSTERN_DKIM_KEYS", .list,
        "keys that sign messages from a domain and those below it, each `domain:selector:file` (RSA or Ed25519, PEM)")
    package static let relayURL = Setting(
        "POSTERN_RELAY_URL", .text,
        "the relay, smtp://[user:password@]host[:port][?OPTIONS] or smtps://…; the options are separated by &: "
            + "tls=none|opportunistic|required, auth=MECHANISM (such as plain, login or xoauth2; by default the strongest), "
            + "verify=false (accept any certificate), insecure_auth=true (send the password without TLS)",
        secret: true)
    package static let relayCAFile = Setting(
        "POSTERN_RELAY_CA_FILE", .file, "extra trust roots for the relay (PEM), beside the system's")
    package static let relayClientCertificateFile = Setting(
        "POSTERN_RELAY_CLIENT_CERTIFICATE_FILE", .file,
        "client certificate chain, presented if the relay requests one (PEM)")
    package static let relayClientKeyFile = Setting(
        "POSTERN_RELAY_CLIENT_KEY_FILE", .file, "private key of that certificate (PEM)")
    package static let relayProxy = Setting(
        "POSTERN_RELAY_PROXY", .text,
        "proxy on the way to the relay, socks5://[user:password@]host[:port] or http://… (CONNECT); it resolves the relay's "
            + "name",
        secret: true)
    package static let relaySourceAddress = Setting(
        "POSTERN_RELAY_SOURCE_ADDRESS", .text,
        "local IP address for connections to the relay; only relay addresses of the same family are tried")
    package static let relaySender = Setting(
        "POSTERN_RELAY_SENDER", .text,
        "the one address that the relay lets Postern send as; it becomes the author and the reverse-path, and the author that "
            + "was given becomes Reply-To")
    package static let relayConnections = Setting(
        "POSTERN_RELAY_CONNECTIONS", .number(1...10_000), default: "16", "most sessions open to the relay at once")
    package static let relaySessionMessages = Setting(
        "POSTERN_RELAY_SESSION_MESSAGES", .number(1...1_000_000), default: "1000", "most messages in one session")
    package static let relayPipelining = Setting(
        "POSTERN_RELAY_PIPELINING", .flag, default: "true",
        "false sends one command at a time, for a middlebox that cannot do more")
    package static let relayConnectTimeout = Setting(
        "POSTERN_RELAY_CONNECT_TIMEOUT", .time, default: "10s",
        "TCP connection and greeting, over all addresses of the relay's name")
    package static let relayReplyTimeout = Setting(
        "POSTERN_RELAY_REPLY_TIMEOUT", .time, default: "60s", "each reply but the last, and each write")
    package static let relayFinalReplyTimeout = Setting(
        "POSTERN_RELAY_FINAL_REPLY_TIMEOUT", .time, default: "10m",
        "the reply to the final dot; giving up earlier only makes an unknown outcome")

    package static let relayRate = Setting(
        "POSTERN_RELAY_RATE", .rates, default: nil,
        "maximum number of messages to the relay per second, hour or day; messages over the rate wait, at most "
            + "POSTERN_QUEUE_TIMEOUT"
    )
    package static let relayBreakerFailures = Setting(
        "POSTERN_RELAY_BREAKER_FAILURES", .number(1...10_000), default: "5",
        "failures of the relay in a row that open its circuit breaker")
    package static let relayBreakerPause = Setting(
        "POSTERN_RELAY_BREAKER_PAUSE", .time, default: "5s",
        "how long the circuit breaker stays open before one message tries the relay again")
    package static let routes = Setting(
        "POSTERN_ROUTES", .list, default: nil,
        "which relays a message goes to, the first match counts: `key:NAME=relay`, `from:DOMAIN=first>second`, `to:*.DOMAIN=relay`, `*=relay`"
    )

    // MARK: Logs

    package static let logLevel = Setting(
        "POSTERN_LOG_LEVEL", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
        default: "info", "the least level of the lines that are written")
    package static let logAddresses = Setting(
        "POSTERN_LOG_ADDRESSES", .flag, default: "false", "whether the log names senders and recipients")
    package static let traceMessages = Setting(
        "POSTERN_TRACE_MESSAGES", .flag, default: "false",
        "whether messages made of fields carry the trace of their request as a header field, traceparent, so that whoever "
            + "receives one can continue the trace")
    package static let logFormat = Setting(
        "POSTERN_LOG_FORMAT", .choice(["json", "text"]),
        "the form of a log line; by default text on a terminal, or json")
}
