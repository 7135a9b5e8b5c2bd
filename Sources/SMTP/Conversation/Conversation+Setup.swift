/// The part of the conversation that sets a session up: greeting, EHLO, STARTTLS (RFC 5321, section 3.1; RFC 3207).
extension Conversation {
    /// The TLS handshake is done. What the server said before does not count any more (RFC 3207, section 4.2).
    ///
    /// - Parameter serverEndPoint: what SCRAM can be bound to, or nil.
    mutating func tlsEstablished(serverEndPoint: [UInt8]? = nil) {
        self.serverEndPoint = serverEndPoint
        // Where TLS came first, the greeting is still to come.
        guard phase == .handshake else { return }
        isSecure = true
        capabilities = Capabilities()
        phase = .connecting
        progress += 1
        // Where TLS comes first, the greeting is still due.
        if settings.security != .implicit { send(.ehlo(identity), expecting: .ehlo) }
    }

    /// TLS failed: the handshake, or what a server has to say to it afterwards, such as that it wants a certificate.
    mutating func tlsFailed(_ diagnosis: TLSDiagnosis) {
        let isBeingSetUp = phase == .handshake || phase == .connecting
        fail(
            SMTPError(
                .tls, stage: isBeingSetUp ? handshakeStage : currentStage, outcome: outcome,
                detail: diagnosis.detail, rejected: transaction?.rejected ?? [], tlsFailure: diagnosis.failure))
    }

    /// The stage that the TLS handshake belongs to.
    var handshakeStage: SMTPStage { settings.security == .implicit ? .connect : .startTLS }

    /// What the server has not done when a deadline passes.
    var whatIsDue: String {
        switch phase {
        case .handshake: "complete the TLS handshake"
        case .content: "take the content"
        default: "answer"
        }
    }

    mutating func takeSetUpReply(_ reply: Reply, to expected: DueReply) {
        switch expected {
        case .greeting:
            if check(reply, at: .greeting) { send(.ehlo(identity), expecting: .ehlo) }
        case .ehlo:
            // 500 to 504: the server does not know the command (RFC 5321, section 4.2.2).
            if (500...504).contains(reply.code) {
                helloRefusal = reply
                send(.helo(identity), expecting: .helo)
            } else if check(reply, at: .ehlo) {
                capabilities = Capabilities(reply, pipelining: settings.usesPipelining)
                afterHello()
            }
        case .helo:
            if check(reply, at: .ehlo) { afterHello() }
        default: takeStartTLS(reply)
        }
    }

    private mutating func afterHello() {
        if !isSecure, settings.security != .none {
            if capabilities.startTLS {
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
            phase = .handshake
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
