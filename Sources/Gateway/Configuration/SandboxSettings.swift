internal import NIOCore

/// The sandbox, as the settings describe it.
public struct SandboxSettings: Hashable, Sendable {
    /// The IP address of its SMTP server.
    public let host: String
    /// The port; 0 for a free one.
    public let port: Int
    /// Most messages that it keeps.
    public let maximumMessages: Int
    /// Most octets that it keeps.
    public let maximumOctets: Int

    /// Reads the settings.
    ///
    /// - Throws: ``ConfigurationError`` that names the first one that is malformed.
    public init(_ values: SettingValues) throws(ConfigurationError) {
        (host, port) = try values.address(.sandboxListen)
        // SMTP clients connect to addresses.
        guard (try? SocketAddress(ipAddress: host, port: 0)) != nil else {
            throw ConfigurationError(
                Setting.sandboxListen.name,
                "\(host.debugDescription) is not an IP address; write 127.0.0.1:1025, or 0.0.0.0:1025 to let others in")
        }
        maximumMessages = try values.integer(.sandboxMessages)
        maximumOctets = try values.integer(.sandboxBytes)
    }

    /// The address at which the gateway itself reaches a server that listens on ``host``.
    var reachableHost: String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }
}

extension Setting {
    static let ofSandbox = [sandboxListen, sandboxMessages, sandboxBytes]

    static let sandboxListen = Setting(
        "POSTERN_SANDBOX_LISTEN", .text, default: "127.0.0.1:0",
        "address of the sandbox's SMTP server, for other programs; port 0 is a free one, which the start shows")
    static let sandboxMessages = Setting(
        "POSTERN_SANDBOX_MESSAGES", .number(1...100_000), default: "500",
        "most messages that the sandbox keeps; the oldest go first")
    static let sandboxBytes = Setting(
        "POSTERN_SANDBOX_BYTES", .bytes(1024...17_179_869_184), default: "67108864",
        "most octets that the sandbox keeps; the oldest messages go first")
}
