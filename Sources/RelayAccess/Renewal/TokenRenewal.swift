/// One request for an access token, from the grant to the token.
struct TokenRenewal: Sendable {
    let endpoint: TokenEndpoint
    let transport: any TokenTransport
    /// Where the refresh token is, if the grant has one.
    let keeper: RefreshTokenKeeper?
    let clock: TokenClock

    /// Asks the endpoint. A new refresh token is written before the access token is given to anybody.
    func run() async throws(AccessTokenError) -> TokenAnswer {
        let refreshToken = try await keeper?.current()
        let request = try TokenRequest(endpoint, refreshToken: refreshToken, now: clock.date())
        let response: TokenResponse
        do {
            response = try await transport.post(request.form, to: endpoint.url)
        } catch {
            throw .transport(host: endpoint.url.host, error)
        }
        // First, because it replaces the old one even if the access token turns out to be unusable.
        if let keeper, let rotated = TokenAnswer.rotatedRefreshToken(in: response), rotated != refreshToken {
            await keeper.replace(with: rotated)
        }
        return try TokenAnswer(
            response, host: endpoint.url.host, secrets: request.secrets, now: clock.date())
    }
}
