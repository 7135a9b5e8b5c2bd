/// What carries a request to a token endpoint. ``HTTPTokenTransport`` does it by HTTP.
public protocol TokenTransport: Sendable {
    /// Sends a form by POST, and returns the answer, whatever its status is. Redirects are not followed.
    ///
    /// - Parameters:
    ///   - form: the body, of the type `application/x-www-form-urlencoded`.
    ///   - url: the token endpoint.
    func post(_ form: String, to url: TokenURL) async throws(TokenTransportError) -> TokenResponse

    /// Closes what is open. Nothing is sent after that.
    func shutdown() async
}
