/// The part of the conversation that sets a session up: greeting, EHLO, STARTTLS (RFC 5321, section 3.1; RFC 3207).
extension Conversation {
    /// The TLS handshake is done. What the server said before does not count any more (RFC 3207, section 4.2).
    ///
    /// - Parameter serverEndPoint: what SCRAM can be bound to, or nil.
    mutating func tlsEstablished(serverEndPoint: [UInt8]? = nil) {
        // The session may have ended meanwhile: for the certificate's name, or by a deadline.
        guard isInHandshake else { return }
        self.serverEndPoint = serverEndPoint
        isSecure = true
        capabilities = Capabilities()
        progress += 1
        if settings.security == .implicit {
            // It is due already.
            state = .settingUp(.greeting)
        } else {
            sayHello()
        }
    }

    /// TLS failed: the handshake, or what a server has to say to it afterwards, such as that it wants a certificate.
    mutating func tlsFailed(_ diagnosis: TLSDiagnosis) {
        fail(
            SMTPError(
                .tls, stage: state.isSettingUp ? handshakeStage : currentStage, outcome: state.outcome,
                detail: diagnosis.detail, rejected: state.rejected, tlsFailure: diagnosis.failure))
    }

    /// The stage that the TLS handshake belongs to.
    var handshakeStage: SMTPStage { settings.security == .implicit ? .connect : .startTLS }

    /// Takes a reply of the set-up, to the command that its step is about.
    mutating func takeSetUpReply(_ reply: Reply, to expected: DueReply) {
        switch state.setUp {
        case .greeting?:
            if check(reply, at: .greeting) { sayHello() }
        case .ehlo?: takeHello(reply)
        case .helo?:
            if check(reply, at: .ehlo) { afterHello() }
        case .startTLS?: takeStartTLS(reply)
        case .authentication(let authentication)?: takeAuthentication(reply, authentication)
        // Nothing is read during the handshake, and the set-up's commands are answered before it ends.
        case .handshake?, nil: fail(unexpected(reply, at: expected.stage))
        }
    }

    private mutating func sayHello() {
        state = .settingUp(.ehlo)
        send(.ehlo(identity), expecting: .ehlo)
    }

    private mutating func takeHello(_ reply: Reply) {
        // 500 to 504: the server does not know the command (RFC 5321, section 4.2.2).
        if (500...504).contains(reply.code) {
            helloRefusal = reply
            state = .settingUp(.helo)
            send(.helo(identity), expecting: .helo)
        } else if check(reply, at: .ehlo) {
            capabilities = Capabilities(reply, pipelining: settings.usesPipelining)
            afterHello()
        }
    }

    private mutating func afterHello() {
        if !isSecure, settings.security != .none {
            if capabilities.startTLS {
                state = .settingUp(.startTLS)
                send(.startTLS, expecting: .startTLS)
                return
            }
            guard settings.security != .required else {
                tlsFailed(
                    TLSDiagnosis(
                        .notOffered, "TLS is required and the server does not offer STARTTLS" + withoutExtensions,
                        advice: "use a server or a port that does, or another SMTPSecurity"))
                return
            }
        }
        authenticate()
    }

    /// Why the server offers nothing, if it refused EHLO.
    var withoutExtensions: String {
        helloRefusal.map { " (it refused EHLO with \($0))" } ?? ""
    }

    private mutating func takeStartTLS(_ reply: Reply) {
        if reply.isPositiveCompletion {
            // Bytes behind this reply were sent before TLS: anyone on the way could have put them there.
            guard parser.isEmpty else {
                fail(protocolViolation(Self.injection, at: .startTLS))
                return
            }
            state = .settingUp(.handshake)
            act(.startTLS)
        } else if reply.isPositiveIntermediate {
            fail(unexpected(reply, at: .startTLS))
        } else if settings.security == .required || reply.code == 421 {
            fail(.refused(reply, at: .startTLS))
        } else {
            authenticate()
        }
    }
}
