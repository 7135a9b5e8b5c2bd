/// Where a relay's access tokens come from.
extension Setting {
    package static let ofAccessTokens: [Setting] = [
        relayOAuthProvider, relayOAuthTenant, relayOAuthTokenURL, relayOAuthClientID, relayOAuthClientSecret,
        relayOAuthCertificateFile, relayOAuthKeyFile, relayOAuthRefreshToken, relayOAuthScope,
        relayOAuthServiceAccountFile, relayOAuthTokenFile, relayOAuthCAFile, relayOAuthProxy,
    ]

    package static let relayOAuthProvider = Setting(
        "POSTERN_RELAY_OAUTH_PROVIDER", .choice(["microsoft", "google"]),
        "whose access tokens log in at the relay; sets the token URL and the scope. The user in the relay's URL is the mailbox"
    )
    package static let relayOAuthTenant = Setting(
        "POSTERN_RELAY_OAUTH_TENANT", .text, "with microsoft: the directory (tenant) ID, or a domain of it")
    package static let relayOAuthTokenURL = Setting(
        "POSTERN_RELAY_OAUTH_TOKEN_URL", .text, "token endpoint (RFC 6749) of any other provider, https://…")
    package static let relayOAuthClientID = Setting(
        "POSTERN_RELAY_OAUTH_CLIENT_ID", .text, "ID of the application that gets the tokens")
    package static let relayOAuthClientSecret = Setting(
        "POSTERN_RELAY_OAUTH_CLIENT_SECRET", .text, "the application's secret", secret: true)
    package static let relayOAuthCertificateFile = Setting(
        "POSTERN_RELAY_OAUTH_CERTIFICATE_FILE", .file,
        "the application's certificate (PEM), instead of a secret: requests are signed (RFC 7523)")
    package static let relayOAuthKeyFile = Setting(
        "POSTERN_RELAY_OAUTH_KEY_FILE", .file, "private key of that certificate (PEM)")
    package static let relayOAuthRefreshToken = Setting(
        "POSTERN_RELAY_OAUTH_REFRESH_TOKEN", .text,
        "refresh token of the mailbox's user; without one, the client credentials grant is used. A new one is written to its file",
        secret: true)
    package static let relayOAuthScope = Setting(
        "POSTERN_RELAY_OAUTH_SCOPE", .text, "scope of the tokens, if not the provider's")
    package static let relayOAuthServiceAccountFile = Setting(
        "POSTERN_RELAY_OAUTH_SERVICE_ACCOUNT_FILE", .file, "key file (JSON) of a Google service account")
    package static let relayOAuthTokenFile = Setting(
        "POSTERN_RELAY_OAUTH_TOKEN_FILE", .file,
        "a file with an access token that another program renews; it is read again when it changes")
    package static let relayOAuthCAFile = Setting(
        "POSTERN_RELAY_OAUTH_CA_FILE", .file, "trust roots for the token endpoint (PEM), instead of the system's")
    package static let relayOAuthProxy = Setting(
        "POSTERN_RELAY_OAUTH_PROXY", .text,
        "the way to the token endpoint: http://[user:password@]host:port (CONNECT), or socks5://host:port", secret: true
    )
}
