/// A SASL mechanism that the client can use (RFC 4954).
public enum AuthenticationMechanism: String, Hashable, Sendable, CaseIterable {
    /// As ``scramSHA256``, and the proof is bound to the server's certificate: nobody between the two who has another one
    /// can pass it on (RFC 5802, RFC 5929, section 4).
    case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
    /// Neither side shows the password, and the server proves that it knows it (RFC 5802, RFC 7677).
    case scramSHA256 = "SCRAM-SHA-256"
    /// The password answers a challenge and is not shown (RFC 2195).
    case cramMD5 = "CRAM-MD5"
    /// Name and password in one response (RFC 4616).
    case plain = "PLAIN"
    /// Name and password in two responses: never standardised, and the only one some servers have.
    case login = "LOGIN"
    /// An OAuth 2.0 access token (RFC 7628).
    case oauthBearer = "OAUTHBEARER"
    /// An OAuth 2.0 access token in the older form of some providers.
    case xoauth2 = "XOAUTH2"

    /// Whether it takes an OAuth 2.0 access token in place of a password.
    public var takesAccessToken: Bool { self == .oauthBearer || self == .xoauth2 }
}
