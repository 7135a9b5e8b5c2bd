/// A host and a port in one text.
enum HostAndPort {
    /// The text, an IPv6 address in brackets (RFC 3986, section 3.2.2).
    static func text(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
