/// What a client shows a token endpoint to prove who it is (RFC 6749, section 2.3).
public enum ClientProof: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// A secret, sent in the form (RFC 6749, section 2.3.1).
    case secret(String)
    /// A certificate whose key signs an assertion for each request (RFC 7523, section 2.2).
    case certificate(ClientCertificate)

    /// The kind of the proof, without the secret.
    public var description: String {
        switch self {
        case .secret: "[secret]"
        case .certificate(let certificate): certificate.description
        }
    }

    /// The same as `description`.
    public var debugDescription: String { description }
}
