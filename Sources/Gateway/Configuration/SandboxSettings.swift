internal import NIOCore
public import Settings

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
