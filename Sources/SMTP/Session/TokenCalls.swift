/// The calls for access tokens of a connection's session.
struct TokenCalls {
    /// The call for a token that is under way.
    var request: Task<Void, Never>?
    /// The last token that the source gave.
    var token: String?
    /// The call that tells the source of a refused token.
    var refusal: Task<Void, Never>?

    /// No token is wanted any more. The source still learns that one was refused.
    mutating func cancel() {
        request?.cancel()
        request = nil
    }
}
