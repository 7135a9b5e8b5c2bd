/// Why there is no access token.
///
/// Its description names the token endpoint or the file, says what happened and what to do, and holds no token, secret or
/// assertion:
///
/// ```text
/// The token endpoint login.microsoftonline.com refused the request (401 invalid_client): AADSTS7000222: The provided
/// client secret keys … are expired. Create a new client secret in the app registration, and configure it.
/// ```
public struct AccessTokenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of a failure. More may be added.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        /// A short label without values in it, fit for a metric.
        public let description: String

        /// The token endpoint, or the proxy before it, could not be reached, or did not answer in time.
        public static let unreachable = Kind(description: "unreachable")
        /// The token endpoint refused the request (RFC 6749, section 5.2).
        public static let refused = Kind(description: "refused")
        /// The answer of the token endpoint, or the token in a file, is not valid.
        public static let notUnderstood = Kind(description: "not_understood")
        /// A file could not be read.
        public static let file = Kind(description: "file")
        /// The relay refused the token, and there is no other yet.
        public static let refusedByRelay = Kind(description: "refused_by_relay")
        /// An assertion could not be signed.
        public static let signing = Kind(description: "signing")
        /// ``AccessTokens/stop()`` was called, or the task that asked was cancelled.
        public static let stopped = Kind(description: "stopped")
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// Whether the same request may succeed later, with nothing changed here.
    public let isTemporary: Bool
    /// The endpoint's `error` (RFC 6749, section 5.2), or nil if it gave none.
    public let code: String?
    /// What to do about it, or nil if nothing is known. ``description`` holds it too.
    public let advice: String?
    /// How long the endpoint wants not to be asked again, five minutes at most; nil if it did not say.
    public let retryAfter: Duration?
    /// What happened, and what to do.
    public let description: String

    init(
        _ kind: Kind, isTemporary: Bool, code: String? = nil, retryAfter: Duration? = nil, advice: String? = nil,
        _ what: String
    ) {
        self.kind = kind
        self.isTemporary = isTemporary
        self.code = code
        self.retryAfter = retryAfter
        self.advice = advice
        description = advice.map { "\(what) \($0)" } ?? what
    }

    static let stopped = AccessTokenError(
        .stopped, isTemporary: true, "There is no access token: the gateway is shutting down.")
    static let cancelled = AccessTokenError(
        .stopped, isTemporary: true, "The wait for an access token was cancelled.")

    static func notUnderstood(host: String, _ reason: String) -> AccessTokenError {
        AccessTokenError(
            .notUnderstood, isTemporary: false,
            advice: "Check that the token URL is that of an OAuth 2.0 token endpoint.",
            "The answer of the token endpoint \(host) is not valid: \(reason).")
    }

    /// - Parameters:
    ///   - code: the endpoint's `error`, fit to be shown.
    ///   - said: its `error_description`, fit to be shown.
    static func refused(
        host: String, status: Int, code: String?, said: String?, retryAfter: Duration?
    ) -> AccessTokenError {
        let isTemporary =
            status >= 500 || status == 429 || status == 408
            || ["temporarily_unavailable", "server_error", "slow_down"].contains(code)
        guard let code else {
            let advice =
                switch status {
                case 300..<400: "Redirects are not followed; check the token URL."
                case 429, 500...: "Postern asks again by itself."
                default: "Check the token URL."
                }
            return AccessTokenError(
                .refused, isTemporary: isTemporary, retryAfter: retryAfter, advice: advice,
                "The token endpoint \(host) answered with status \(status) and no OAuth error.")
        }
        let text = said.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
        let end = text.last.map { ".!?".contains($0) } == true ? "" : "."
        return AccessTokenError(
            .refused, isTemporary: isTemporary, code: code, retryAfter: retryAfter,
            advice: TokenAdvice.endpoint(error: code, description: said ?? "")
                ?? (isTemporary ? "Postern asks again by itself." : nil),
            "The token endpoint \(host) refused the request (\(status) \(code))\(text)\(end)")
    }

    static func transport(host: String, _ error: TokenTransportError) -> AccessTokenError {
        switch error {
        case .unreachable(let reason):
            AccessTokenError(
                .unreachable, isTemporary: true,
                advice: "Check the network and the firewall.",
                "The token endpoint \(host) could not be reached: \(ForeignText.shown(reason, without: [])).")
        case .timedOut(let timeout):
            AccessTokenError(
                .unreachable, isTemporary: true,
                advice: "Check the network and the firewall.",
                "The token endpoint \(host) did not answer within \(timeout.components.seconds) s.")
        case .tls(let reason):
            AccessTokenError(
                .unreachable, isTemporary: true,
                advice: "Check the host name; if an authority of your own signed its certificate, configure that.",
                "TLS with the token endpoint \(host) failed: \(ForeignText.shown(reason, without: [])).")
        case .tooLong: .notUnderstood(host: host, "it is longer than 64 KiB")
        case .cancelled: .stopped
        }
    }

    static func file(_ path: String, _ failure: SecretFile.Failure) -> AccessTokenError {
        AccessTokenError(
            .file, isTemporary: true, "The file \(path.debugDescription) cannot be read: \(failure.description)")
    }

    /// - Parameters:
    ///   - source: what the token came from, and what to wait for.
    ///   - reply: the relay's reply, if it is known.
    static func refusedByRelay(_ source: String, reply: String?, token: String) -> AccessTokenError {
        let said = reply.map { ": \(ForeignText.shown($0, without: [token]))" } ?? ""
        return AccessTokenError(
            .refusedByRelay, isTemporary: true,
            advice: reply.flatMap { TokenAdvice.reply($0) }
                ?? "Check the token's scope and the user's rights at the relay.",
            "\(source)\(said)\(said.hasSuffix(".") ? "" : ".")")
    }
}
