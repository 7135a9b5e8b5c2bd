/// A proxy on the way to a server: SOCKS 5 (RFC 1928), or HTTP with CONNECT (RFC 9110, section 9.3.6).
///
///     configuration.proxy = SMTPProxy(.socks5, host: "proxy.example.net", port: 1080)
///
/// The proxy resolves the server's name. TLS is set up with the server, so the proxy sees nothing of it; without TLS it sees
/// everything. Its description hides the password.
public struct SMTPProxy: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// How the proxy is asked.
    public enum Kind: String, Hashable, Sendable {
        /// SOCKS 5, with or without a password (RFC 1929).
        case socks5
        /// HTTP with CONNECT, with or without a password (RFC 7617).
        case http
    }

    /// The most octets of a user's name and of a password, each: what SOCKS 5 has room for.
    public static let maximumCredentialOctets = 255

    /// How the proxy is asked.
    public let kind: Kind
    /// The proxy's name or address.
    public let host: String
    /// The proxy's port.
    public let port: Int
    let user: String?
    let password: String

    /// Describes a proxy.
    ///
    /// - Parameters:
    ///   - kind: how the proxy is asked.
    ///   - host: the proxy's name or address, an IPv6 address without brackets.
    ///   - port: the proxy's port.
    ///   - user: the user's name, or nil if the proxy wants none. Without a colon for HTTP.
    ///   - password: the user's password.
    public init(_ kind: Kind, host: String, port: Int, user: String? = nil, password: String = "") {
        self.kind = kind
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    /// Kind, host and port.
    public var description: String { "\(kind.rawValue)://\(HostAndPort.text(host, port))" }
    /// The same as `description`.
    public var debugDescription: String { description }
}
