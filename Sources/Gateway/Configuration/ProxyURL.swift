internal import Foundation
internal import SMTP
internal import Settings

/// The address of a proxy as `POSTERN_RELAY_PROXY` has it.
enum ProxyURL {
    /// Reads `socks5://[user:password@]host[:port]` or `http://…`.
    ///
    /// - Parameter setting: what gives it.
    /// - Throws: ``ConfigurationError`` that says what is wrong. It holds nothing of the text, which may be a piece of the
    ///   password.
    static func proxy(_ text: String, of setting: Setting) throws(ConfigurationError) -> SMTPProxy {
        func wrong(_ problem: String) -> ConfigurationError { ConfigurationError(setting.name, problem) }
        // curl has the second name for SOCKS 5 with names that the proxy resolves, which is what happens here.
        let kinds: [String: SMTPProxy.Kind] = ["socks5": .socks5, "socks5h": .socks5, "http": .http]
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(), let kind = kinds[scheme],
            var host = url.host, !host.isEmpty, url.path.isEmpty || url.path == "/", url.query == nil,
            url.fragment == nil
        else {
            throw wrong(
                "it is not of the form socks5://host:port or http://host:port, with user:password@ before the host if "
                    + "needed. \(RelayURL.escaping)")
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard host.unicodeScalars.allSatisfy(RelayURL.mayBeOfHost) else {
            throw wrong("the host is neither a name nor an address. \(RelayURL.escaping)")
        }
        let port = url.port ?? (kind == .socks5 ? 1080 : 3128)
        guard (1...65535).contains(port) else { throw wrong("the port is not from 1 to 65535") }
        guard let escapedUser = url.percentEncodedUser else { return SMTPProxy(kind, host: host, port: port) }
        guard let user = escapedUser.removingPercentEncoding,
            let password = (url.percentEncodedPassword ?? "").removingPercentEncoding
        else { throw wrong("the escapes in the user's name or the password are not UTF-8") }
        guard !user.isEmpty else { throw wrong("the user is missing before the password") }
        guard !password.isEmpty else { throw wrong("the password is missing") }
        let maximum = SMTPProxy.maximumCredentialOctets
        guard user.utf8.count <= maximum, password.utf8.count <= maximum else {
            throw wrong("the user's name or the password has more than \(maximum) octets")
        }
        guard kind == .socks5 || !user.contains(":") else {
            throw wrong("the user's name contains a colon, which HTTP Basic authentication does not allow")
        }
        return SMTPProxy(kind, host: host, port: port, user: user, password: password)
    }
}
