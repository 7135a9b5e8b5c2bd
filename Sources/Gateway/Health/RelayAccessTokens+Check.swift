internal import RelayAccess

extension RelayAccessTokens {
    /// Whether there is an access token, for `postern check`; nil for a relay that needs none.
    public func check() async -> CheckStep? {
        do throws(AccessTokenError) {
            guard try await probe() else { return nil }
            return CheckStep(name: "token", isSound: true, detail: "an access token was given")
        } catch {
            return CheckStep(name: "token", isSound: false, detail: error.description)
        }
    }
}
