/// An access token in a file that another program renews.
struct TokenFile: Sendable {
    let path: String
    private var refused: Refusal?

    private struct Refusal {
        let token: String
        let end: Duration
        let error: AccessTokenError
    }

    /// How long a refused token is not handed out if the file stays the same. A relay may take it later, for example after
    /// a mailbox got its permissions.
    private static let refusalPause: Duration = .seconds(60)

    init(path: String) {
        self.path = path
    }

    /// Reads the token. It is read for each session, which costs little next to a TLS handshake, and misses no change.
    func token(at now: Duration) async throws(AccessTokenError) -> String {
        let token: String
        do {
            token = try await SecretFile(path: path).read()
        } catch {
            throw .file(path, error)
        }
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw AccessTokenError(
                .notUnderstood, isTemporary: true,
                advice: "Write the access token into it, and nothing else.",
                "The file \(path.debugDescription) holds more than one word of printable ASCII.")
        }
        if let refused, refused.token == token, now < refused.end { throw refused.error }
        return token
    }

    /// The relay refused a token.
    mutating func refused(_ token: String, reply: String?, at now: Duration) {
        let what = "The relay refused the access token in the file \(path.debugDescription), which is still the same"
        refused = Refusal(
            token: token, end: now + Self.refusalPause, error: .refusedByRelay(what, reply: reply, token: token))
    }
}
