internal import CMicrohttpd

/// What libmicrohttpd is given instead of a request that has been read: all that the response depends on, which is
/// whether it has a body, and whether the connection is kept.
enum RequestLine {
    private static let common = text("GET", "1.1", nil)

    static func octets(of exchange: Exchange) -> [UInt8] {
        let head = exchange.head
        if head.method != "HEAD", head.isVersion11, !head.closes { return common }
        let connection: String? = head.closes ? "close" : !head.isVersion11 && head.keepsAlive ? "keep-alive" : nil
        return text(head.method == "HEAD" ? "HEAD" : "GET", head.isVersion11 ? "1.1" : "1.0", connection)
    }

    /// libmicrohttpd wants a Host from 1.0 on; 0.9 need not read one.
    private static let host = unsafe String(cString: MHD_get_version()).hasPrefix("0.") ? "" : "Host: -\r\n"

    private static func text(_ method: String, _ version: String, _ connection: String?) -> [UInt8] {
        let field = connection.map { "Connection: \($0)\r\n" } ?? ""
        return Array("\(method) / HTTP/\(version)\r\n\(host)\(field)\r\n".utf8)
    }
}
