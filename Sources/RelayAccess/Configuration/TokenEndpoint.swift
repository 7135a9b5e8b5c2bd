public import NIOSSL

/// A token endpoint (RFC 6749, section 3.2), and what it is asked for.
public struct TokenEndpoint: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The endpoint's URL.
    public let url: TokenURL
    /// What shows that Postern may have an access token.
    public let grant: TokenGrant
    /// The scope of the access token (RFC 6749, section 3.3), names separated by spaces, or nil for the endpoint's default.
    public var scope: String?
    /// Whether an RSA key signs assertions by PS256, as Microsoft asks for, and not by RS256, which every endpoint knows.
    public var signsWithPSS = false
    /// The authorities of the endpoint's certificate, or nil for those of the system.
    public var trustRoots: [NIOSSLCertificate]?
    /// The proxy on the way to the endpoint.
    public var proxy: TokenProxy?
    /// How long a connection to the endpoint may take, TLS included.
    public var connectTimeout: Duration = .seconds(10)
    /// How long a request may take, connection included.
    ///
    /// Messages wait for a session for 30 s by default: one that waits for a token is to hear why there is none.
    public var timeout: Duration = .seconds(15)

    /// Describes a token endpoint.
    ///
    /// - Parameters:
    ///   - url: the endpoint's URL.
    ///   - grant: what shows that Postern may have an access token.
    ///   - scope: the scope of the access token, names separated by spaces, or nil for the endpoint's default.
    public init(url: TokenURL, _ grant: TokenGrant, scope: String? = nil) {
        self.url = url
        self.grant = grant
        self.scope = scope
    }

    /// Describes the token endpoint of Microsoft Entra ID, for SMTP at Exchange Online.
    ///
    /// - Parameters:
    ///   - tenant: the directory (tenant) ID, or a domain of the tenant.
    ///   - grant: client credentials or a refresh token.
    /// - Throws: ``TokenConfigurationError`` if the tenant is not valid, or for Google's service accounts.
    public static func microsoft(tenant: String, _ grant: TokenGrant) throws(TokenConfigurationError) -> TokenEndpoint {
        let scope =
            switch grant {
            case .clientCredentials: "https://outlook.office365.com/.default"
            case .refreshToken: "https://outlook.office.com/SMTP.Send offline_access"
            case .serviceAccount:
                throw TokenConfigurationError(
                    "Microsoft has no service account files; give a client ID with a secret, a certificate or a refresh token"
                )
            }
        var endpoint = TokenEndpoint(url: try .microsoft(tenant: tenant), grant, scope: scope)
        endpoint.signsWithPSS = true
        return endpoint
    }

    /// Describes Google's token endpoint, for SMTP at Gmail and Google Workspace.
    ///
    /// - Parameter grant: a service account or a refresh token.
    /// - Throws: ``TokenConfigurationError`` for client credentials, which Google does not know.
    public static func google(_ grant: TokenGrant) throws(TokenConfigurationError) -> TokenEndpoint {
        let url: TokenURL =
            switch grant {
            case .serviceAccount(let key, mailbox: _): key.tokenURL
            case .refreshToken: .google
            case .clientCredentials:
                throw TokenConfigurationError(
                    "Google gives no tokens for a client ID and a secret alone; give a refresh token too, or a service account file"
                )
            }
        return TokenEndpoint(url: url, grant, scope: "https://mail.google.com/")
    }

    /// The URL, the grant and the scope, without secrets.
    public var description: String {
        "token endpoint \(url), \(grant)" + (scope.map { ", scope \($0.debugDescription)" } ?? "")
    }

    /// The same as `description`.
    public var debugDescription: String { description }
}
