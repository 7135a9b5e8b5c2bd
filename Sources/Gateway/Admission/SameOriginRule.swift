internal import HTTPServer
internal import NIOCore

/// Keeps web pages of other origins away from a gateway without keys: a browser can reach it, so without this rule any
/// page that somebody opens could send mail through it, or read what the sandbox caught.
///
/// A browser names the page's origin in `Origin` and `Sec-Fetch-Site` (WHATWG Fetch; W3C Fetch Metadata), which no page can
/// change. A page whose own name was rebound to this host (DNS rebinding) has the same origin as its requests; there the
/// Host gives it away. Programs send none of these fields but Host, and are affected only if
/// they name another host there, as a proxy does that passes the Host on.
struct SameOriginRule: Sendable {
    /// Whether only this host can reach the gateway: then the Host has to be a name or an address of this host.
    let isLoopback: Bool

    /// Checks a request that carries no key.
    ///
    /// - Throws: a ``Problem`` with 403.
    func check(_ head: HTTPRequestHead) throws(Problem) {
        if head.headers["Origin"] == nil, head.headers["Sec-Fetch-Site"] == nil {
            // A program, most likely, with the address or the name that nearly all of them use.
            if !isLoopback || Self.isUsual(head.headers["Host"]) { return }
        }
        // A link to the console works: the page holds nothing, and asks for everything as a page of its own origin.
        if head.method == "GET", head.path == "/", head.headers["Sec-Fetch-Mode"] == "navigate" { return }
        let host = head.headers["Host"].flatMap { Authority($0) }
        if head.headers.values("Sec-Fetch-Site").contains(where: Self.isOtherSite) { throw .crossSite }
        for origin in head.headers.values("Origin") {
            guard let host, let origin = Authority(origin: origin), origin.isSame(as: host) else { throw .crossSite }
        }
        // HTTP/1.0 may come without a Host; no browser does.
        if isLoopback, let text = head.headers["Host"], host?.isLoopback != true { throw .foreignHost(text) }
    }

    /// Whether a Host is `127.0.0.1` or `localhost`, with any port: told without taking it apart.
    private static func isUsual(_ host: String?) -> Bool {
        guard let host else { return false }
        return isUsual(host, "127.0.0.1") || isUsual(host, "localhost")
    }

    /// Whether a host is a name, with any port.
    private static func isUsual(_ host: String, _ name: String) -> Bool {
        let (host, name) = (host.utf8, name.utf8)
        let (octets, wanted) = (host.span, name.span)
        guard octets.count >= wanted.count else { return false }
        for index in wanted.indices where octets[index] != wanted[index] { return false }
        return octets.count == wanted.count || octets[wanted.count] == UInt8(ascii: ":")
    }

    private static func isOtherSite(_ value: String) -> Bool {
        ["cross-site", "same-site"].contains(value.lowercased())
    }

    /// A host with its port, as `Host` and `Origin` name it.
    private struct Authority {
        /// In lower case, without the dot at the end.
        let host: String
        let port: Substring?
        /// The port that the scheme stands for; nil for a Host, which names no scheme.
        var defaultPort: Substring?

        init?(_ text: String) {
            let text = text.lowercased()
            let hostEnd: String.Index
            if text.hasPrefix("[") {
                guard let bracket = text.firstIndex(of: "]") else { return nil }
                hostEnd = text.index(after: bracket)
            } else {
                hostEnd = text.firstIndex(of: ":") ?? text.endIndex
            }
            var host = text[..<hostEnd]
            if host.hasSuffix(".") { host = host.dropLast() }
            let rest = text[hostEnd...]
            guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":") else { return nil }
            self.host = String(host)
            port = rest.count > 1 ? rest.dropFirst() : nil
        }

        /// The authority of an origin, `https://host:port`; nil for any other text, `null` included.
        init?(origin: String) {
            for (scheme, port) in [("http://", "80"), ("https://", "443")] where origin.lowercased().hasPrefix(scheme) {
                self.init(String(origin.dropFirst(scheme.count)))
                defaultPort = Substring(port)
                return
            }
            return nil
        }

        func isSame(as other: Authority) -> Bool {
            host == other.host && (port ?? defaultPort) == (other.port ?? defaultPort)
        }

        /// Whether it names this host, whatever a name server says (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3).
        var isLoopback: Bool {
            if host == "localhost" || host.hasSuffix(".localhost") { return true }
            let text = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
            // In the one form in which the address is written.
            guard let address = (try? SocketAddress(ipAddress: text, port: 0))?.ipAddress else { return false }
            return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
        }
    }
}
