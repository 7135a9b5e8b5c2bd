/// AUTH on its way: one run of a mechanism, and what earlier ones in the session have shown (RFC 4954).
struct Authentication {
    /// What is waited for.
    enum Step {
        /// An access token. Goes to `reply`.
        case token
        /// The server's reply. Goes to `reply`, `derivation`, `cancellation` or `token`.
        case reply(any AuthenticationExchange)
        /// The work for a challenge. Goes to `reply` or `cancellation`.
        case derivation(any AuthenticationExchange, challenge: [UInt8])
        /// The server's reply to the cancellation of an exchange, after which another one begins.
        case cancellation
    }

    let credentials: SMTPCredentials
    private(set) var mechanism: AuthenticationMechanism
    /// What the run waits for.
    var step = Step.token
    /// The mechanisms that the server refused as such in this session.
    private(set) var refused: Set<AuthenticationMechanism> = []
    /// What was said of the secret.
    var secrets = SentSecrets()
    /// How many access tokens the run has asked for.
    private(set) var tokens = 0
    /// How many challenges the server has sent in the run.
    private var challenges = 0
    /// Whether a challenge has been answered: until then nothing was sent that the password is in.
    private(set) var hasResponded = false

    /// The most challenges of a run: no mechanism has more than four.
    private static let maximumChallenges = 8
    /// How many access tokens are tried: one may just have expired.
    private static let maximumTokens = 2

    init(_ credentials: SMTPCredentials, with mechanism: AuthenticationMechanism) {
        self.credentials = credentials
        self.mechanism = mechanism
    }

    var awaitsToken: Bool {
        if case .token = step { true } else { false }
    }

    /// Whether another token may be tried after one that was refused.
    var mayAskForToken: Bool { tokens < Self.maximumTokens }

    /// An access token is asked for.
    mutating func askForToken() {
        step = .token
        tokens += 1
    }

    /// Counts a challenge.
    ///
    /// - Returns: false where there have been too many.
    mutating func countChallenge() -> Bool {
        challenges += 1
        return challenges <= Self.maximumChallenges
    }

    /// A response goes out.
    mutating func respond(_ response: [UInt8], by exchange: any AuthenticationExchange) {
        secrets.send(response)
        hasResponded = true
        step = .reply(exchange)
    }

    /// The server refused the mechanism as such: another run begins. The sessions that follow begin with that mechanism.
    mutating func restart(with next: AuthenticationMechanism) {
        credentials.refused.insert(mechanism)
        refused.insert(mechanism)
        mechanism = next
        tokens = 0
        challenges = 0
        hasResponded = false
    }

    /// The mechanism to try if this one is refused as such; nil if there is none, or if this one was asked for.
    ///
    /// - Parameters:
    ///   - offered: what the server offers.
    ///   - canBind: whether there is a certificate that an exchange can be bound to.
    func alternative(of offered: [String], canBind: Bool) -> AuthenticationMechanism? {
        guard credentials.mechanism == nil else { return nil }
        return credentials.choice(of: offered, canBind: canBind, without: refused.union([mechanism]))
    }
}
