/// What shows a token endpoint that Postern may have an access token (RFC 6749, section 1.3).
public enum TokenGrant: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The client's own right (RFC 6749, section 4.4).
    case clientCredentials(clientID: String, ClientProof)
    /// A user's refresh token (RFC 6749, section 6). A public client has no proof.
    case refreshToken(RefreshToken, clientID: String, ClientProof?)
    /// A service account of Google that acts for a mailbox of the domain (RFC 7523, section 2.1).
    case serviceAccount(ServiceAccountKey, mailbox: String)

    /// The kind of the grant, and the client or the account, without secrets.
    public var description: String {
        switch self {
        case .clientCredentials(let clientID, let proof):
            "client credentials of \(clientID.debugDescription) with \(proof)"
        case .refreshToken(let token, let clientID, let proof):
            "\(token) of \(clientID.debugDescription)" + (proof.map { " with \($0)" } ?? "")
        case .serviceAccount(let key, let mailbox): "\(key) for \(mailbox.debugDescription)"
        }
    }

    /// The same as `description`.
    public var debugDescription: String { description }
}
