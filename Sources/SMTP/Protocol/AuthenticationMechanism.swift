/// A SASL mechanism that the client can use (RFC 4954).
public enum AuthenticationMechanism: String, Hashable, Sendable, CaseIterable {
    /// Name and password in one response (RFC 4616).
    case plain = "PLAIN"
    /// Name and password in two responses: never standardised, and the only one some servers have.
    case login = "LOGIN"
}
