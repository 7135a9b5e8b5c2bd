internal import Foundation

/// Where spans are sent to: an absolute `http` or `https` URL.
struct OTLPEndpoint: Sendable, Hashable {
    /// The URL.
    let url: String
    /// Scheme, host and port, for logs: a query may hold a secret.
    let shown: String

    /// Reads a URL.
    ///
    /// - Parameters:
    ///   - text: the URL.
    ///   - variable: where it comes from.
    ///   - suffix: is appended to the path of a base URL; nil if the URL is complete.
    init(_ text: String, from variable: String, appending suffix: String?) throws(OTLPConfigurationError) {
        // A URL that is not valid may hold a password: it is not shown.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), var parts = URLComponents(string: text),
            let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let host = parts.host, !host.isEmpty
        else { throw OTLPConfigurationError(variable, "is not an absolute http or https URL.") }
        guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
            throw OTLPConfigurationError(
                variable,
                "holds a user name, a password or a fragment; set credentials with OTEL_EXPORTER_OTLP_HEADERS.")
        }
        if let suffix {
            guard parts.query == nil else {
                throw OTLPConfigurationError(
                    variable, "holds a query; give a complete URL with OTEL_EXPORTER_OTLP_TRACES_ENDPOINT instead.")
            }
            parts.percentEncodedPath += (parts.percentEncodedPath.hasSuffix("/") ? "" : "/") + suffix
        }
        guard let url = parts.string else {
            throw OTLPConfigurationError(variable, "is not an absolute http or https URL.")
        }
        self.url = url
        shown = "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")"
    }
}
