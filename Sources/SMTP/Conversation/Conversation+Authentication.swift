/// The part of the conversation that AUTH is (RFC 4954).
extension Conversation {
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
        guard let mechanism = credentials.choice(of: capabilities.authentication, canBind: serverEndPoint != nil) else {
            failAuthentication(lackOfMechanism(credentials))
            return
        }
        authenticate(Authentication(credentials, with: mechanism))
    }

    /// Begins a run.
    private mutating func authenticate(_ authentication: consuming Authentication) {
        let username = authentication.credentials.username
        switch authentication.credentials.secret {
        case .password(let password, let salted):
            authentication.secrets.use(password)
            let mechanism = authentication.mechanism
            let binding = channelBinding(for: mechanism)
            begin(authentication) { () throws(AuthenticationFailure) in
                switch mechanism {
                case .scramSHA256, .scramSHA256Plus:
                    try SCRAMExchange(username: username, password: password, binding: binding, salted)
                case .cramMD5: ChallengeResponseExchange(username: username, password: password)
                case .login: LoginExchange(username: username, password: password)
                default: try PlainExchange(username: username, password: password)
                }
            }
        case .token: askForToken(authentication)
        }
    }

    private mutating func askForToken(_ authentication: consuming Authentication) {
        authentication.askForToken()
        state = .settingUp(.authentication(authentication))
        progress += 1
        act(.askForToken)
    }

    private mutating func begin(
        _ authentication: consuming Authentication,
        _ makeExchange: () throws(AuthenticationFailure) -> any AuthenticationExchange
    ) {
        do throws(AuthenticationFailure) {
            let start = try makeExchange()
            var exchange = start
            let initialResponse = try exchange.initialResponse()
            if let initialResponse { authentication.secrets.send(initialResponse) }
            var command = Command.auth(mechanism: authentication.mechanism, initialResponse: initialResponse)
            if command.length > Self.maximumLine {
                exchange = start
                command = .auth(mechanism: authentication.mechanism, initialResponse: nil)
            }
            authentication.step = .reply(exchange)
            state = .settingUp(.authentication(authentication))
            send(command, expecting: .authentication)
        } catch {
            failAuthentication(error)
        }
    }

    // MARK: What the owner does

    /// The access token that was asked for has come. One that comes after the session has ended is of no use to it.
    mutating func tokenArrived(_ token: String) {
        guard case .authentication(var authentication)? = state.setUp, authentication.awaitsToken else { return }
        authentication.secrets.use(token)
        let mechanism = authentication.mechanism
        let username = authentication.credentials.username
        begin(authentication) { () throws(AuthenticationFailure) in
            try TokenExchange(mechanism, username: username, token: token)
        }
    }

    /// There is no access token to be had. A session that has ended meanwhile needs none.
    ///
    /// - Parameters:
    ///   - explanation: why, without secrets.
    ///   - isTemporary: whether there may be one later.
    mutating func tokenFailed(_ explanation: String, isTemporary: Bool) {
        guard case .authentication(let authentication)? = state.setUp, authentication.awaitsToken else { return }
        fail(SMTPError(isTemporary ? .noAccessToken : .accessTokenRefused, stage: .auth, detail: explanation))
    }

    /// The work for a challenge is done. A session that has ended meanwhile has no use for it.
    mutating func derived() {
        guard case .authentication(let authentication)? = state.setUp,
            case .derivation(let exchange, let challenge) = authentication.step
        else { return }
        respond(to: challenge, exchange, authentication)
    }

    private mutating func respond(
        to challenge: [UInt8], _ exchange: any AuthenticationExchange, _ authentication: consuming Authentication
    ) {
        var exchange = exchange
        do throws(AuthenticationFailure) {
            let response = try exchange.respond(to: challenge)
            authentication.respond(response, by: exchange)
            state = .settingUp(.authentication(authentication))
            send(.authResponse(response), expecting: .authentication)
        } catch {
            if error.isOfTheBinding, mayGoUnbound(authentication) {
                authentication.step = .cancellation
                state = .settingUp(.authentication(authentication))
                send(.authCancel, expecting: .authentication)
            } else {
                failAuthentication(error)
            }
        }
    }

    // MARK: What the server says

    mutating func takeAuthentication(_ reply: Reply, _ authentication: Authentication) {
        // Some servers repeat what they were sent.
        let reply = reply.code == 334 ? reply : authentication.secrets.withheld(reply)
        switch authentication.step {
        case .cancellation:
            // 501 (RFC 4954, section 4), or a refusal of its own.
            if reply.isPermanentNegative {
                goUnbound(authentication)
            } else {
                fail(reply.isTransientNegative ? .refused(reply, at: .auth) : unexpected(reply, at: .auth))
            }
        case .reply(let exchange):
            if reply.code == 334 {
                takeChallenge(reply, exchange, authentication)
            } else if reply.isPositiveCompletion {
                takeSuccess(exchange, authentication)
            } else {
                takeRefusal(reply, exchange, authentication)
            }
        // The server has been asked nothing.
        case .token, .derivation: fail(unexpected(reply, at: .auth))
        }
    }

    private mutating func takeChallenge(
        _ reply: Reply, _ exchange: any AuthenticationExchange, _ authentication: consuming Authentication
    ) {
        guard authentication.countChallenge() else {
            fail(protocolViolation("the server's challenges in AUTH do not end", at: .auth))
            return
        }
        guard let challenge = Base64.decode(reply.text) ?? (exchange.readsChallenges ? nil : []) else {
            fail(protocolViolation("the server's challenge of AUTH is not base64", at: .auth))
            return
        }
        if let derivation = exchange.derivation(for: challenge) {
            authentication.step = .derivation(exchange, challenge: challenge)
            state = .settingUp(.authentication(authentication))
            progress += 1
            act(.derive(derivation))
        } else {
            respond(to: challenge, exchange, authentication)
        }
    }

    private mutating func takeSuccess(_ exchange: any AuthenticationExchange, _ authentication: Authentication) {
        guard exchange.isComplete else {
            let claim = "the server claims success before it proved that it knows the password"
            fail(protocolViolation(claim, at: .auth))
            return
        }
        mechanism = authentication.mechanism
        becomeReady()
    }

    private mutating func takeRefusal(
        _ reply: Reply, _ exchange: any AuthenticationExchange, _ authentication: consuming Authentication
    ) {
        if reply.code == 535, authentication.tokens > 0 {
            // The credentials are not valid (RFC 4954, section 6); any other refusal would meet the next token too.
            act(.tokenRefused(reply))
            if authentication.mayAskForToken {
                askForToken(authentication)
            } else {
                fail(.refused(reply, at: .auth))
            }
        } else if reply.isPermanentNegative, !authentication.hasResponded, mayGoUnbound(authentication) {
            // The password was not in play yet: the server may say in this way that it does not take the binding.
            goUnbound(authentication)
        } else if Self.refusesMechanism(reply),
            let next = authentication.alternative(of: capabilities.authentication, canBind: serverEndPoint != nil)
        {
            authentication.restart(with: next)
            authenticate(authentication)
        } else if let detail = exchange.refusalDetail {
            fail(SMTPError(.refused, stage: .auth, reply: reply, detail: "the server answered \(reply); \(detail)"))
        } else {
            _ = check(reply, at: .auth)
        }
    }

    /// Whether a reply refuses the mechanism and not the credentials: not known, too weak, or not without TLS (RFC 4954,
    /// section 6; 538 is of RFC 2554).
    private static func refusesMechanism(_ reply: Reply) -> Bool {
        reply.code == 504 || reply.code == 534 || reply.code == 538
    }

    // MARK: Channel binding

    /// Whether SCRAM may be tried without the channel binding that the server does not take; it may know another type
    /// only, such as `tls-exporter`. Not where the binding was asked for. Nobody between the two gains by that: without
    /// a mechanism asked for, they could have offered PLAIN only.
    private func mayGoUnbound(_ authentication: Authentication) -> Bool {
        authentication.mechanism == .scramSHA256Plus && authentication.credentials.mechanism == nil
            && capabilities.authentication.contains(AuthenticationMechanism.scramSHA256.rawValue)
    }

    private mutating func goUnbound(_ authentication: consuming Authentication) {
        authentication.restart(with: .scramSHA256)
        authenticate(authentication)
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

    // MARK: Failures

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
