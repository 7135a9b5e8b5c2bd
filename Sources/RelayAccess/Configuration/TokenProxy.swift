internal import Foundation

/// A proxy on the way to a token endpoint: HTTP with CONNECT (RFC 9110, section 9.3.6), or SOCKS5 (RFC 1928).
public struct TokenProxy: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    enum Kind: Hashable {
        case http(user: String, password: String)
        case httpWithoutPassword
        case socks5
    }

    let kind: Kind
    /// The proxy's host.
    public let host: String
    /// The proxy's port.
    public let port: Int

    /// Reads `http://HOST:PORT`, `http://USER:PASSWORD@HOST:PORT` or `socks5://HOST:PORT`. The default ports are 80 and
    /// 1080.
    ///
    /// - Throws: ``TokenConfigurationError`` for anything else.
    public init(_ text: String) throws(TokenConfigurationError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(), let host = parts.host,
            !host.isEmpty, ["", "/"].contains(parts.path), parts.query == nil, parts.fragment == nil
        else {
            throw TokenConfigurationError("the proxy's URL is not valid; give http://HOST:PORT or socks5://HOST:PORT")
        }
        guard (1...65535).contains(parts.port ?? 80) else {
            throw TokenConfigurationError("the proxy's port is not from 1 to 65535")
        }
        guard parts.user?.isEmpty != true, parts.user?.contains(":") != true, parts.password?.isEmpty != true else {
            throw TokenConfigurationError(
                "the proxy's user name or password is empty, or the name contains a colon; give http://USER:PASSWORD@HOST:PORT"
            )
        }
        switch (scheme, parts.user, parts.password) {
        case ("http", let user?, let password): kind = .http(user: user, password: password ?? "")
        case ("http", nil, _): kind = .httpWithoutPassword
        case ("socks5", nil, nil): kind = .socks5
        case ("socks5", _, _):
            throw TokenConfigurationError(
                "a SOCKS5 proxy with a password cannot be used for the token endpoint; use an HTTP proxy, or one without a password"
            )
        default:
            throw TokenConfigurationError("the proxy's URL begins with \(scheme):; use http: or socks5:")
        }
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? (scheme == "http" ? 80 : 1080)
    }

    /// The host and the port, without the password.
    public var description: String { "\(kind == .socks5 ? "SOCKS5" : "HTTP") proxy \(host):\(port)" }
    /// The same as `description`.
    public var debugDescription: String { description }
}
