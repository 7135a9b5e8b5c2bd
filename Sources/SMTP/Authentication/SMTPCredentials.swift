/// A user name with a password or an access token for AUTH (RFC 4954).
///
/// Its description hides the secret, so that no log or error text can show it by accident.
public struct SMTPCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Gives an access token that is valid now. If the error is an ``AccessTokenFailure``, its explanation is shown to the
    /// sender; of other errors only the type is shown.
    public typealias TokenSource = @Sendable () async throws -> String
    /// Reports a token that the server refused, with its reply. The source is asked for another one after that.
    public typealias TokenRefusal = @Sendable (_ token: String, _ reply: Reply) async -> Void

    enum Secret: Sendable {
        case password(String, SaltedPasswords)
        case token(TokenSource, refused: TokenRefusal)
    }

    /// The user's name.
    public let username: String
    /// The mechanism to use, or nil for the strongest that the server offers.
    public var mechanism: AuthenticationMechanism?
    let secret: Secret
    /// What the server refused as such, in any session with these credentials.
    let refused = RefusedMechanisms()

    /// Credentials of a user who has a password.
    ///
    /// - Parameters:
    ///   - username: the user's name.
    ///   - password: the user's password.
    ///   - mechanism: the mechanism to use, or nil for the strongest that the server offers: SCRAM-SHA-256-PLUS where its
    ///     certificate can be bound to and it takes that binding, then SCRAM-SHA-256, CRAM-MD5, PLAIN, LOGIN.
    public init(username: String, password: String, mechanism: AuthenticationMechanism? = nil) {
        self.username = username
        self.mechanism = mechanism
        secret = .password(password, SaltedPasswords())
    }

    /// Credentials of a user who has OAuth 2.0 access tokens.
    ///
    /// - Parameters:
    ///   - username: the user's name.
    ///   - mechanism: the mechanism to use, or nil for OAUTHBEARER, then XOAUTH2.
    ///   - token: asked for a token for each session, and once more where the server refuses it. A session waits for it
    ///     as long as for a reply.
    ///   - refused: called with each token that the server refuses with 535.
    public init(
        username: String, mechanism: AuthenticationMechanism? = nil, token: @escaping TokenSource,
        refused: @escaping TokenRefusal = { _, _ in }
    ) {
        self.username = username
        self.mechanism = mechanism
        secret = .token(token, refused: refused)
    }

    /// The user's name as it may be shown: `[secret]` if it is the password as well, as it is at providers that take one token
    /// for both.
    public var shownUsername: String {
        if case .password(username, _) = secret { "[secret]" } else { username }
    }

    /// The user's name; the secret is left out.
    public var description: String { "\(shownUsername):[secret]" }
    /// The same as `description`.
    public var debugDescription: String { description }

    /// The mechanism to use with a server, or nil if none fits.
    ///
    /// - Parameters:
    ///   - canBind: whether there is a certificate that the exchange can be bound to.
    ///   - excluded: mechanisms that the server refused in this session.
    func choice(
        of offered: [String], canBind: Bool, without excluded: Set<AuthenticationMechanism> = []
    ) -> AuthenticationMechanism? {
        let usable: [AuthenticationMechanism] =
            switch secret {
            case .password: (canBind ? [.scramSHA256Plus] : []) + [.scramSHA256, .cramMD5, .plain, .login]
            case .token: [.oauthBearer, .xoauth2]
            }
        let fitting = usable.filter {
            (mechanism == nil || mechanism == $0) && offered.contains($0.rawValue) && !excluded.contains($0)
        }
        // A server that has changed its mind is asked again for what it refused in earlier sessions.
        return fitting.first { !refused.contains($0) } ?? fitting.first
    }
}
