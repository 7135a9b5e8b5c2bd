/// The part of the conversation that AUTH is (RFC 4954).
extension Conversation {
    /// A run of AUTH.
    struct Authentication {
        let mechanism: AuthenticationMechanism
        /// The mechanism's side of it; nil while an access token is waited for.
        var exchange: (any AuthenticationExchange)?
        /// How many access tokens have been asked for.
        var tokens = 0

        /// The challenge that is answered when the work for it is done.
        var held: [UInt8]?
        /// Whether a challenge has been answered: until then nothing was sent that the password is in.
        var hasResponded = false
        /// Whether the exchange was broken off, to begin another one.
        var isBrokenOff = false

        var awaitsToken: Bool { exchange == nil && tokens > 0 }
        /// Whether something is under way on the client's side.
        var awaitsOwner: Bool { awaitsToken || held != nil }
    }

    /// The most challenges of a run: no mechanism has more than four.
    private static let maximumChallenges = 8
    /// How many access tokens are tried: one may just have expired.
    private static let maximumTokens = 2
    /// Octets of a command line, its end included (RFC 5321, section 4.5.3.1.4). An initial response that does not fit has
    /// to wait for the server's challenge (RFC 4954, section 4).
    private static let maximumLine = 512

    mutating func authenticate() {
        guard let credentials = settings.credentials else {
            becomeReady()
            return
        }
        guard isSecure || settings.allowsClearTextAuthentication else {
            failAuthentication(
                "credentials are not sent without TLS, and the server does not offer it" + withoutExtensions)
            return
        }
        guard let mechanism = choice(for: credentials) else {
            failAuthentication(lackOfMechanism(credentials))
            return
        }
        authenticate(credentials, with: mechanism)
    }

    /// The mechanism to try next, or nil where none is left.
    private func choice(for credentials: SMTPCredentials) -> AuthenticationMechanism? {
        credentials.choice(
            of: capabilities.authentication, canBind: serverEndPoint != nil, without: refusedMechanisms)
    }

    /// Whether a reply refuses the mechanism and not the credentials: not known, too weak, or not without TLS (RFC 4954,
    /// section 6; 538 is of RFC 2554).
    private static func refusesMechanism(_ reply: Reply) -> Bool {
        reply.code == 504 || reply.code == 534 || reply.code == 538
    }

    /// Tries the next mechanism that both sides know, after the server refused one as such. The sessions that follow begin
    /// with that one.
    ///
    /// - Returns: false where there is none, or where the mechanism was asked for.
    private mutating func tryNextMechanism() -> Bool {
        guard let credentials = settings.credentials, let mechanism = authentication?.mechanism,
            credentials.mechanism == nil
        else { return false }
        refusedMechanisms.insert(mechanism)
        guard let next = choice(for: credentials) else { return false }
        credentials.refused.insert(mechanism)
        authenticate(credentials, with: next)
        return true
    }

    private mutating func authenticate(_ credentials: SMTPCredentials, with mechanism: AuthenticationMechanism) {
        authentication = Authentication(mechanism: mechanism)
        challenges = 0
        switch credentials.secret {
        case .password(let password, let salted):
            sentSecrets.use(password)
            let binding = channelBinding(for: mechanism)
            begin { () throws(AuthenticationFailure) in
                switch mechanism {
                case .scramSHA256, .scramSHA256Plus:
                    try SCRAMExchange(
                        username: credentials.username, password: password, binding: binding, salted)
                case .cramMD5: ChallengeResponseExchange(username: credentials.username, password: password)
                case .login: LoginExchange(username: credentials.username, password: password)
                default: try PlainExchange(username: credentials.username, password: password)
                }
            }
        case .token: askForToken()
        }
    }

    /// The access token that was asked for has come.
    mutating func tokenArrived(_ token: String) {
        guard let authentication, authentication.awaitsToken, let username = settings.credentials?.username else {
            return
        }
        sentSecrets.use(token)
        begin { () throws(AuthenticationFailure) in
            try TokenExchange(authentication.mechanism, username: username, token: token)
        }
    }

    /// There is no access token to be had.
    ///
    /// - Parameters:
    ///   - explanation: why, without secrets.
    ///   - isTemporary: whether there may be one later.
    mutating func tokenFailed(_ explanation: String, isTemporary: Bool) {
        guard authentication?.awaitsToken == true else { return }
        fail(SMTPError(isTemporary ? .noAccessToken : .accessTokenRefused, stage: .auth, detail: explanation))
    }

    /// The work for a challenge is done.
    mutating func derived() {
        guard let challenge = authentication?.held else { return }
        authentication?.held = nil
        respond(to: challenge)
    }

    private mutating func respond(to challenge: [UInt8]) {
        guard var exchange = authentication?.exchange else { return }
        do throws(AuthenticationFailure) {
            let response = try exchange.respond(to: challenge)
            authentication?.exchange = exchange
            sentSecrets.send(response)
            authentication?.hasResponded = true
            send(.authResponse(response), expecting: .authentication)
        } catch {
            if error.isOfTheBinding, mayGoUnbound {
                authentication?.isBrokenOff = true
                send(.authCancel, expecting: .authentication)
            } else {
                failAuthentication(error)
            }
        }
    }

    /// Whether SCRAM may be tried without the channel binding that the server does not take; it may know another type
    /// only, such as `tls-exporter`. Not where the binding was asked for. Nobody between the two gains by that: without
    /// a mechanism asked for, they could have offered PLAIN only.
    private var mayGoUnbound: Bool {
        authentication?.mechanism == .scramSHA256Plus && settings.credentials?.mechanism == nil
            && capabilities.authentication.contains(AuthenticationMechanism.scramSHA256.rawValue)
    }

    private mutating func goUnbound() {
        guard let credentials = settings.credentials else { return }
        refusedMechanisms.insert(.scramSHA256Plus)
        credentials.refused.insert(.scramSHA256Plus)
        authenticate(credentials, with: .scramSHA256)
    }

    mutating func takeAuthentication(_ reply: Reply) {
        guard let exchange = authentication?.exchange else { return }
        // Some servers repeat what they were sent.
        let reply = reply.code == 334 ? reply : sentSecrets.withheld(reply)
        if authentication?.isBrokenOff == true {
            // 501 (RFC 4954, section 4), or a refusal of its own.
            if reply.isPermanentNegative {
                goUnbound()
            } else {
                fail(reply.isTransientNegative ? .refused(reply, at: .auth) : unexpected(reply, at: .auth))
            }
        } else if reply.code == 334 {
            challenges += 1
            guard challenges <= Self.maximumChallenges else {
                fail(protocolViolation("the server's challenges in AUTH do not end", at: .auth))
                return
            }
            guard let challenge = Base64.decode(reply.text) ?? (exchange.readsChallenges ? nil : []) else {
                fail(protocolViolation("the server's challenge of AUTH is not base64", at: .auth))
                return
            }
            if let derivation = exchange.derivation(for: challenge) {
                authentication?.held = challenge
                progress += 1
                act(.derive(derivation))
            } else {
                respond(to: challenge)
            }
        } else if reply.isPositiveCompletion {
            guard exchange.isComplete else {
                let claim = "the server claims success before it proved that it knows the password"
                fail(protocolViolation(claim, at: .auth))
                return
            }
            mechanism = authentication?.mechanism
            authentication = nil
            sentSecrets = SentSecrets()
            becomeReady()
        } else if reply.code == 535, let tokens = authentication?.tokens, tokens > 0 {
            // The credentials are not valid (RFC 4954, section 6); any other refusal would meet the next token too.
            act(.tokenRefused(reply))
            if tokens < Self.maximumTokens { askForToken() } else { _ = check(reply, at: .auth) }
        } else if reply.isPermanentNegative, authentication?.hasResponded == false, mayGoUnbound {
            // The password was not in play yet: the server may say in this way that it does not take the binding.
            goUnbound()
        } else if Self.refusesMechanism(reply), tryNextMechanism() {
            return
        } else if let detail = exchange.refusalDetail {
            fail(
                SMTPError(.refused, stage: .auth, reply: reply, detail: "the server answered \(reply); \(detail)"))
        } else {
            _ = check(reply, at: .auth)
        }
    }

    /// With SCRAM chosen though the server's certificate could be bound to, the server has not offered that. Where it
    /// has, the caller asked for SCRAM without it, or the server did not take the binding: to say that it was not offered
    /// would then be a lie, which the server has to refuse (RFC 5802, section 6).
    private func channelBinding(for mechanism: AuthenticationMechanism) -> ChannelBinding {
        guard let serverEndPoint else { return .none }
        if mechanism == .scramSHA256Plus { return .serverEndPoint(serverEndPoint) }
        let isOffered = capabilities.authentication.contains(AuthenticationMechanism.scramSHA256Plus.rawValue)
        return isOffered ? .none : .notOffered
    }

    private mutating func askForToken() {
        authentication?.exchange = nil
        authentication?.tokens += 1
        progress += 1
        act(.askForToken)
    }

    private mutating func begin(
        _ makeExchange: () throws(AuthenticationFailure) -> any AuthenticationExchange
    ) {
        guard let mechanism = authentication?.mechanism else { return }
        do throws(AuthenticationFailure) {
            let start = try makeExchange()
            var exchange = start
            let initialResponse = try exchange.initialResponse()
            if let initialResponse { sentSecrets.send(initialResponse) }
            var command = Command.auth(mechanism: mechanism, initialResponse: initialResponse)
            if command.length > Self.maximumLine {
                exchange = start
                command = .auth(mechanism: mechanism, initialResponse: nil)
            }
            authentication?.exchange = exchange
            send(command, expecting: .authentication)
        } catch {
            failAuthentication(error)
        }
    }

    private mutating func failAuthentication(_ failure: AuthenticationFailure) {
        if failure.isOfTheServer {
            fail(protocolViolation(failure.description, at: .auth))
        } else {
            failAuthentication(failure.description)
        }
    }

    private mutating func failAuthentication(_ detail: String) {
        fail(SMTPError(.authenticationUnavailable, stage: .auth, detail: detail))
    }

    private func lackOfMechanism(_ credentials: SMTPCredentials) -> String {
        let offered = capabilities.authentication.joined(separator: " ")
        guard !offered.isEmpty else {
            return "there are credentials, and the server does not offer AUTH" + withoutExtensions
        }
        if credentials.mechanism == .scramSHA256Plus, serverEndPoint == nil {
            return "SCRAM-SHA-256-PLUS is asked for, and there is no certificate of the server that it can be bound to"
        }
        if let mechanism = credentials.mechanism {
            return "\(mechanism.rawValue) is asked for and does not fit; the server offers \(offered)"
        }
        return "the server offers no mechanism of AUTH that fits the credentials, only \(offered)"
    }
}
