/// A configuration of access tokens that cannot be used.
public struct TokenConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do. It holds no secret.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
