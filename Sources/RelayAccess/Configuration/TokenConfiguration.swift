/// The source of a relay's access tokens.
///
/// ```swift
/// let proof = ClientProof.secret("…")
/// let grant = TokenGrant.clientCredentials(clientID: "1b2c…", proof)
/// let configuration = try TokenConfiguration.endpoint(.microsoft(tenant: "example.org", grant))
/// ```
///
/// Its description hides every secret, so that no log or error text can show one by accident.
public enum TokenConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// A file that holds an access token, and that another program renews. It is read for each session with the relay.
    case file(path: String)
    /// A token endpoint (RFC 6749, section 3.2).
    case endpoint(TokenEndpoint)

    /// The file's path or the endpoint, without secrets.
    public var description: String {
        switch self {
        case .file(let path): "token file \(path.debugDescription)"
        case .endpoint(let endpoint): endpoint.description
        }
    }

    /// The same as `description`.
    public var debugDescription: String { description }
}
