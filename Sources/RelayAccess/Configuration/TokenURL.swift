internal import Foundation

/// The URL of a token endpoint (RFC 6749, section 3.2): `https`, or `http` for a loopback host.
public struct TokenURL: Sendable, Hashable, CustomStringConvertible {
    /// The URL.
    public let description: String
    /// Its host, without the brackets of an IPv6 address.
    public let host: String

    /// Reads a URL.
    ///
    /// - Throws: ``TokenConfigurationError`` if it is not an absolute `https` URL, if it is an `http` URL of a host other
    ///   than `localhost`, 127.0.0.0/8 and ::1, or if it holds a user name, a password or a fragment.
    public init(_ text: String) throws(TokenConfigurationError) {
        // A URL that is not valid may hold a password: it is not shown.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let parts = URLComponents(string: text),
            let scheme = parts.scheme?.lowercased(), let named = parts.host, !named.isEmpty
        else {
            throw TokenConfigurationError("the token URL is not valid; give an absolute https URL")
        }
        guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
            throw TokenConfigurationError(
                "the token URL holds a user name, a password or a fragment; give client ID and secret by themselves")
        }
        let host = named.hasPrefix("[") && named.hasSuffix("]") ? String(named.dropFirst().dropLast()) : named
        switch scheme {
        case "https": break
        case "http" where Self.isLoopback(host): break
        case "http":
            throw TokenConfigurationError(
                "the token URL begins with http:, which would send the secret in the clear; use https:")
        default: throw TokenConfigurationError("the token URL begins with \(scheme):; use https:")
        }
        description = text
        self.host = host
    }

    /// A URL that was written here.
    private init(verified text: String, host: String) {
        description = text
        self.host = host
    }

    /// Google's token endpoint.
    static let google = TokenURL(verified: "https://oauth2.googleapis.com/token", host: "oauth2.googleapis.com")

    /// The token endpoint of a tenant of Microsoft Entra ID.
    static func microsoft(tenant: String) throws(TokenConfigurationError) -> TokenURL {
        let isName = tenant.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isName, tenant.utf8.first != UInt8(ascii: "."), !tenant.isEmpty else {
            throw TokenConfigurationError(
                "the tenant \(tenant.debugDescription) is not valid; give the directory (tenant) ID or a domain of it")
        }
        let host = "login.microsoftonline.com"
        return TokenURL(verified: "https://\(host)/\(tenant)/oauth2/v2.0/token", host: host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
