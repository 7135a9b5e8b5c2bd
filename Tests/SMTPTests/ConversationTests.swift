import MailAddress
import NIOCore
import Testing

@testable import SMTP

/// Plays a conversation without a network: the server's bytes in, the actions out as short texts.
struct Play: ~Copyable {
    var conversation: Conversation
    /// How the server's bytes are cut.
    var byteByByte = false
    /// What the session ended with, or was given up for.
    private(set) var lastError: SMTPError?

    init(
        security: ConversationSettings.Security = .none, credentials: SMTPCredentials? = nil, byteByByte: Bool = false,
        transcript: Bool = false
    ) throws {
        var settings = ConversationSettings(identity: try #require(ClientDomain("client.example.org")))
        settings.security = security
        settings.credentials = credentials
        settings.keepsTranscript = transcript
        conversation = Conversation(settings)
        self.byteByByte = byteByByte
        if security == .implicit { conversation.tlsEstablished() }
    }

    mutating func server(_ text: String) -> [String] {
        if byteByByte {
            var actions: [String] = []
            for byte in text.utf8 {
                conversation.received(ByteBuffer(bytes: [byte]))
                actions += drain()
            }
            return actions
        }
        conversation.received(ByteBuffer(string: text))
        return drain()
    }

    mutating func open(
        _ from: String = "a@example.org", to recipients: [String] = ["b@example.net"],
        policy: Envelope.RecipientPolicy = .any
    ) throws -> [String] {
        var envelope = try Envelope(from: from, to: recipients)
        envelope.recipientPolicy = policy
        return call { conversation throws(SMTPError) in try conversation.open(envelope) }
    }

    mutating func openDeferred(
        _ from: String = "a@example.org", to recipients: [String] = ["b@example.net"]
    ) throws -> [String] {
        let envelope = try Envelope(from: from, to: recipients)
        return call { conversation throws(SMTPError) in try conversation.openDeferred(envelope) }
    }

    mutating func write(_ content: String) -> [String] {
        call { conversation throws(SMTPError) in try conversation.writeContent(ByteBuffer(string: content)) }
    }

    static func text(_ opened: OpenedTransaction) -> String {
        opened.rejected.map { " \($0.address)=\($0.reply.code)" }.joined()
            + (opened.remaining.isEmpty
                ? "" : " remaining " + opened.remaining.map(\.description).joined(separator: ","))
    }

    mutating func finish(_ content: String) -> [String] {
        call { conversation throws(SMTPError) in try conversation.finishContent(ByteBuffer(string: content)) }
    }

    /// A call that the conversation may turn down, without an action then.
    private mutating func call(_ body: (inout Conversation) throws(SMTPError) -> Void) -> [String] {
        do throws(SMTPError) {
            try body(&conversation)
        } catch {
            return drain() + ["thrown \(Self.text(error))"]
        }
        return drain()
    }

    mutating func closed() -> [String] {
        conversation.connectionClosed("gone")
        return drain()
    }

    mutating func deadline() -> [String] {
        conversation.deadlinePassed()
        return drain()
    }

    mutating func drain() -> [String] {
        var texts: [String] = []
        while let action = conversation.nextAction() {
            switch action {
            case .write(let bytes): texts.append("> " + String(buffer: bytes).replacing("\r\n", with: "|"))
            case .startTLS: texts.append("start TLS")
            case .askForToken: texts.append("ask for token")
            case .tokenRefused(let reply): texts.append("token refused \(reply.code)")
            case .derive(let derivation):
                #expect(conversation.awaited?.stage == .auth)
                texts.append("derive")
                derivation.run()
                conversation.derived()
            case .ready: texts.append("ready")
            case .opened(let opened): texts.append("opened" + Self.text(opened))
            case .finished(let finished):
                texts.append("finished \(finished.reply.code)" + Self.text(finished.opened))
            case .failed(let error): texts.append("failed \(Self.text(error))")
            case .refused(let error): texts.append("refused \(Self.text(error))")
            case .leave(let error):
                lastError = error
                texts.append("leave \(Self.text(error))")
            case .close(let error): texts.append("close" + (error.map { " \(Self.text($0))" } ?? ""))
            case .transcript(let line): texts.append(line)
            }
        }
        return texts
    }

    private static func text(_ error: SMTPError) -> String {
        let code = error.code.map { " \($0)" } ?? ""
        return "\(error.reason) \(error.stage.rawValue)\(code) \(error.outcome.rawValue)"
    }

    /// A session that is set up.
    static func ready(_ extensions: String = "250-PIPELINING\r\n250 SIZE 1000\r\n", byteByByte: Bool = false) throws
        -> Play
    {
        var play = try Play(byteByByte: byteByByte)
        #expect(play.server("220 hello\r\n") == ["> EHLO client.example.org|"])
        #expect(play.server("250-server\r\n" + extensions) == ["ready"])
        return play
    }

    static let plain = "250 HELP\r\n"
}

@Suite struct ConversationTests {
    @Test(arguments: [false, true]) func pipelined(_ byteByByte: Bool) throws {
        var play = try Play.ready(byteByByte: byteByByte)
        #expect(
            try play.open(to: ["b@example.net", "c@example.net"])
                == ["> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|RCPT TO:<c@example.net>|DATA|"])
        #expect(play.server("250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n") == ["opened c@example.net=550"])
        #expect(play.finish("hi\r\n.\r\n") == ["> hi|.|"])
        #expect(play.server("250 2.0.0 queued\r\n") == ["finished 250 c@example.net=550"])
        #expect(play.conversation.state.name == .ready)
    }

    @Test(arguments: [false, true]) func oneByOne(_ byteByByte: Bool) throws {
        var play = try Play.ready(Play.plain, byteByByte: byteByByte)
        #expect(try play.open(to: ["b@example.net", "c@example.net"]) == ["> MAIL FROM:<a@example.org>|"])
        #expect(play.server("250 ok\r\n") == ["> RCPT TO:<b@example.net>|"])
        #expect(play.server("450 later\r\n") == ["> RCPT TO:<c@example.net>|"])
        #expect(play.server("250 ok\r\n") == ["> DATA|"])
        #expect(play.server("354 go\r\n") == ["opened b@example.net=450"])
        #expect(play.finish(".\r\n") == ["> .|"])
        #expect(play.server("250 queued\r\n") == ["finished 250 b@example.net=450"])
    }

    @Test func helloFallsBack() throws {
        var play = try Play()
        #expect(play.server("220 old\r\n") == ["> EHLO client.example.org|"])
        #expect(play.server("500 what\r\n") == ["> HELO client.example.org|"])
        #expect(play.server("250 old\r\n") == ["ready"])
        #expect(!play.conversation.capabilities.pipelining)
    }

    @Test func sizeIsDeclaredAndKept() throws {
        var play = try Play.ready()
        var envelope = try Envelope(from: "a@example.org", to: ["b@example.net"])
        envelope.size = 1001
        try play.conversation.open(envelope)
        #expect(play.drain() == ["failed message_too_large mail not_sent"])
        envelope.size = 1000
        try play.conversation.open(envelope)
        #expect(play.drain() == ["> MAIL FROM:<a@example.org> SIZE=1000|RCPT TO:<b@example.net>|DATA|"])
    }

    // MARK: Extensions

    private static let everything =
        "250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-DSN\r\n250-REQUIRETLS\r\n250-DELIVERBY 60\r\n"
        + "250-FUTURERELEASE 3600 2030-01-01T00:00:00Z\r\n250-SMTPUTF8\r\n250 MT-PRIORITY MIXER\r\n"

    private func envelope(_ extensions: MailExtensions, to recipient: String = "b@example.net") throws -> Envelope {
        var envelope = try Envelope(from: "a@example.org", to: [recipient])
        envelope.extensions = extensions
        return envelope
    }

    @Test func whatAMessageAsksForIsOnTheWire() throws {
        var play = try Play.ready(Self.everything)
        var extensions = MailExtensions()
        extensions.body = .eightBitMIME
        extensions.notification = try DeliveryStatusNotification(
            of: [.success, .failure], returning: .full, identifier: "a=b c")
        extensions.deliverBy = try DeliverBy(within: 120, mode: .notify, traces: true)
        extensions.release = try FutureRelease(after: 3600)
        extensions.priority = -3
        var asking = try envelope(extensions)
        asking.size = 10
        try play.conversation.open(asking)
        #expect(
            play.drain() == [
                "> MAIL FROM:<a@example.org> SIZE=10 BODY=8BITMIME RET=FULL ENVID=a+3Db+20c BY=120;NT HOLDFOR=3600"
                    + " MT-PRIORITY=-3|RCPT TO:<b@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@example.net|DATA|"
            ])
    }

    @Test func neverAndAddressesThatNeedEncoding() throws {
        var play = try Play.ready(Self.everything)
        var extensions = MailExtensions()
        extensions.notification = try DeliveryStatusNotification(of: [])
        try play.conversation.open(try envelope(extensions, to: "b+c@example.net"))
        #expect(
            play.drain() == [
                "> MAIL FROM:<a@example.org>|RCPT TO:<b+c@example.net> NOTIFY=NEVER ORCPT=rfc822;b+2Bc@example.net|DATA|"
            ])
        var other = try Play.ready(Self.everything)
        try other.conversation.open(try envelope(extensions, to: "ü@example.net"))
        #expect(
            other.drain() == [
                "> MAIL FROM:<a@example.org> SMTPUTF8|RCPT TO:<ü@example.net> NOTIFY=NEVER ORCPT=utf-8;\\x{FC}@example.net|DATA|"
            ])
    }

    @Test func whatIsNotOfferedIsRefusedBeforeMail() throws {
        var wishes: [(MailExtensions) -> MailExtensions] = []
        func wish(_ change: @escaping (inout MailExtensions) throws -> Void) {
            wishes.append {
                var extensions = $0
                try? change(&extensions)
                return extensions
            }
        }
        wish { $0.body = .eightBitMIME }
        wish { $0.notification = try DeliveryStatusNotification(of: [.failure]) }
        wish { $0.requiresTLS = true }
        wish { $0.deliverBy = try DeliverBy(within: 1, mode: .return) }
        wish { $0.release = try FutureRelease(after: 1) }
        wish { $0.priority = 1 }
        for wish in wishes {
            let extensions = wish(MailExtensions())
            #expect(extensions != MailExtensions())
            var play = try Play.ready()
            try play.conversation.open(try envelope(extensions))
            #expect(play.drain() == ["failed unsupported mail not_sent"])
            #expect(play.conversation.state.name == .ready)
        }
    }

    /// What is offered in general and not to that extent; and REQUIRETLS on a session without TLS.
    @Test func whatIsBeyondTheOfferIsRefused() throws {
        var extensions = MailExtensions()
        extensions.deliverBy = try DeliverBy(within: 59, mode: .return)
        var holding = MailExtensions()
        holding.release = try FutureRelease(after: 3601)
        var urgent = MailExtensions()
        urgent.priority = 10
        var secure = MailExtensions()
        secure.requiresTLS = true
        for extensions in [extensions, holding, urgent, secure] {
            var play = try Play.ready(Self.everything)
            try play.conversation.open(try envelope(extensions))
            #expect(play.drain() == ["failed unsupported mail not_sent"])
        }
    }

    // MARK: Refusals

    @Test func refusedGreeting() throws {
        var play = try Play()
        #expect(play.server("554 no\r\n") == ["> QUIT|", "leave refused greeting 554 not_sent"])
    }

    @Test func refusedMailIsNotReset() throws {
        var play = try Play.ready()
        _ = try play.open()
        #expect(
            play.server("550 no\r\n503 first MAIL\r\n503 first MAIL\r\n") == [
                "refused refused mail 550 not_sent", "ready",
            ])
        #expect(play.conversation.state.name == .ready)
    }

    @Test func refusedRecipientIsReset() throws {
        var play = try Play.ready()
        _ = try play.open()
        #expect(play.server("250 ok\r\n550 no\r\n554 none\r\n") == ["refused refused rcpt 550 not_sent", "> RSET|"])
        #expect(play.server("250 ok\r\n") == ["ready"])
        #expect(play.conversation.state.name == .ready)
    }

    /// RFC 2920, section 3.1: the server may say 354 though it refused every recipient.
    @Test func unwanted354() throws {
        var play = try Play.ready()
        _ = try play.open()
        #expect(play.server("250 ok\r\n550 no\r\n354 go\r\n") == ["refused refused rcpt 550 not_sent", "> .|"])
        #expect(play.server("554 none\r\n") == ["> RSET|"])
        #expect(play.server("250 ok\r\n") == ["ready"])
    }

    @Test func oneToTryAgainMakesTheMessageWorthIt() throws {
        var play = try Play.ready()
        _ = try play.open(to: ["b@example.net", "c@example.net"])
        #expect(
            play.server("250 ok\r\n550 no\r\n451 later\r\n554 none\r\n") == [
                "refused refused rcpt 451 not_sent", "> RSET|",
            ])
        #expect(play.server("250 ok\r\n") == ["ready"])
    }

    @Test func allOrNothing() throws {
        var play = try Play.ready()
        #expect(
            try play.open(to: ["b@example.net", "c@example.net"], policy: .all)
                == ["> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|RCPT TO:<c@example.net>|"])
        #expect(play.server("250 ok\r\n250 ok\r\n550 no\r\n") == ["refused refused rcpt 550 not_sent", "> RSET|"])
        #expect(play.server("250 ok\r\n") == ["ready"])
        _ = try play.open(to: ["b@example.net", "c@example.net"], policy: .all)
        #expect(play.server("250 ok\r\n250 ok\r\n250 ok\r\n") == ["> DATA|"])
        #expect(play.server("354 go\r\n") == ["opened"])
    }

    @Test func refusedContent() throws {
        var play = try Play.ready()
        _ = try play.open()
        _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        _ = play.finish(".\r\n")
        #expect(play.server("552 5.2.2 full\r\n") == ["failed refused content 552 not_sent"])
        #expect(play.conversation.state.name == .ready)
    }

    @Test(arguments: [0, 1, 2]) func serviceNotAvailableAnywhere(_ position: Int) throws {
        var play = try Play.ready()
        _ = try play.open()
        let replies = ["250 ok\r\n", "250 ok\r\n", "354 go\r\n"]
        for reply in replies[..<position] { #expect(play.server(reply) == []) }
        let stage = ["mail", "rcpt", "data"][position]
        #expect(
            play.server("421 4.3.2 bye\r\n")
                == ["failed refused \(stage) 421 not_sent", "> QUIT|", "leave refused \(stage) 421 not_sent"])
    }

    // MARK: Doubt

    @Test func outcomeIsUnknownOnlyBehindTheDot() throws {
        let steps = ["250 ok\r\n", "250 ok\r\n", "354 go\r\n"]
        for count in 0...steps.count {
            var play = try Play.ready()
            _ = try play.open()
            for step in steps[..<count] { _ = play.server(step) }
            let stage = ["mail", "rcpt", "data", "content"][count]
            #expect(play.closed().first == "failed connection_lost \(stage) not_sent")
        }
        var play = try Play.ready()
        _ = try play.open()
        _ = play.server(steps.joined())
        _ = play.finish(".\r\n")
        #expect(play.closed().first == "failed connection_lost content unknown")
    }

    @Test func silenceBehindTheDot() throws {
        var play = try Play.ready()
        _ = try play.open()
        _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        _ = play.finish(".\r\n")
        #expect(play.deadline() == ["failed timed_out content unknown", "close timed_out content unknown"])
    }

    @Test func nonsenseBehindTheDot() throws {
        var play = try Play.ready()
        _ = try play.open()
        _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        _ = play.finish(".\r\n")
        #expect(play.server("hm\r\n").first == "failed protocol_violation content unknown")
    }

    @Test func unsolicitedReplyEndsTheSession() throws {
        var play = try Play.ready()
        #expect(play.server("250 surprise\r\n") == ["close protocol_violation mail not_sent"])
        var early = try Play.ready()
        _ = try early.open()
        #expect(
            early.server("250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n")
                == [
                    "opened", "failed protocol_violation content not_sent", "close protocol_violation content not_sent",
                ])
    }

    @Test func refusalInTheMiddleOfContent() throws {
        var play = try Play.ready()
        _ = try play.open()
        _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        #expect(play.server("552 too much\r\n").first == "failed refused content 552 not_sent")
    }

    @Test func secondOpen() throws {
        var play = try Play.ready()
        _ = try play.open()
        #expect(try play.open() == ["thrown invalid_use mail not_sent"])
    }

    // MARK: TLS and AUTH

    @Test func startTLS() throws {
        var play = try Play(security: .required, credentials: SMTPCredentials(username: "u", password: "p"))
        _ = play.server("220 hello\r\n")
        #expect(play.server("250-s\r\n250-STARTTLS\r\n250 AUTH LOGIN\r\n") == ["> STARTTLS|"])
        #expect(play.server("220 go\r\n") == ["start TLS"])
        play.conversation.tlsEstablished()
        #expect(play.drain() == ["> EHLO client.example.org|"])
        #expect(play.server("250-s\r\n250 AUTH PLAIN LOGIN\r\n") == ["> AUTH PLAIN AHUAcA==|"])
        #expect(play.server("235 ok\r\n") == ["ready"])
    }

    @Test func injectedBehindStartTLS() throws {
        var play = try Play(security: .opportunistic)
        _ = play.server("220 hello\r\n")
        _ = play.server("250-s\r\n250 STARTTLS\r\n")
        #expect(play.server("220 go\r\n250 injected\r\n") == ["close protocol_violation starttls not_sent"])
    }

    @Test func strippedStartTLS() throws {
        var play = try Play(security: .required)
        _ = play.server("220 hello\r\n")
        #expect(play.server("250-s\r\n250 HELP\r\n") == ["> QUIT|", "leave tls starttls not_sent"])
    }

    @Test func credentialsStayWithoutTLS() throws {
        var play = try Play(security: .opportunistic, credentials: SMTPCredentials(username: "u", password: "p"))
        _ = play.server("220 hello\r\n")
        #expect(
            play.server("250-s\r\n250 AUTH PLAIN\r\n") == ["> QUIT|", "leave authentication_unavailable auth not_sent"])
    }

    @Test func loginAndItsRefusal() throws {
        var play = try Play(security: .implicit, credentials: SMTPCredentials(username: "u", password: "p"))
        _ = play.server("220 hello\r\n")
        #expect(play.server("250-s\r\n250 AUTH LOGIN\r\n") == ["> AUTH LOGIN|"])
        #expect(play.server("334 VXNlcm5hbWU6\r\n") == ["> dQ==|"])
        #expect(play.server("334 UGFzc3dvcmQ6\r\n") == ["> cA==|"])
        #expect(play.server("535 5.7.8 no\r\n") == ["> QUIT|", "leave refused auth 535 not_sent"])
    }

    // MARK: The end

    @Test func quit() throws {
        var play = try Play.ready()
        play.conversation.quit()
        #expect(play.drain() == ["> QUIT|"])
        #expect(play.server("221 bye\r\n") == ["close"])
    }

    // MARK: Replies before their commands

    /// What came before a command was sent is no reply to it, though it would fit.
    @Test func aReplyThatCameBeforeItsCommandIsNone() throws {
        var play = try Play()
        #expect(play.server("220 hello\r\n250 server\r\n").last == "close protocol_violation ehlo not_sent")

        play = try Play.ready()
        _ = try play.open()
        // The reply to RSET, before it was sent.
        #expect(
            play.server("250 ok\r\n550 no\r\n554 nobody\r\n250 ok\r\n")
                == ["refused refused rcpt 550 not_sent", "> RSET|", "close protocol_violation data not_sent"])

        // A piece of one counts as well, and is known when the rest has come.
        play = try Play()
        #expect(play.server("220 hello\r\n25") == ["> EHLO client.example.org|"])
        #expect(play.server("0 server\r\n") == ["close protocol_violation ehlo not_sent"])
    }

    /// It may have come in a packet of its own, while nothing was due.
    @Test func whatBeganBeforeItsCommandIsNoReplyToIt() throws {
        for piece in ["2", "25", "250", "250-", "250-more\r\n", "5", "554 no"] {
            var play = try Play.ready()
            #expect(play.server(piece) == ["close protocol_violation mail not_sent"], "\(piece)")

            // Behind the last reply of a message.
            play = try Play.ready()
            _ = try play.open()
            _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
            _ = play.finish("x\r\n.\r\n")
            #expect(play.server("250 queued\r\n" + piece).last == "close protocol_violation mail not_sent", "\(piece)")
        }
        // Empty lines, which some servers send, mean nothing.
        var play = try Play.ready()
        #expect(play.server("\r\n\r") == [])
        #expect(try play.open().first?.hasPrefix("> MAIL") == true)
    }

    /// The relay may not confirm a message before its end.
    @Test func whatBeganBeforeTheFinalDotConfirmsNothing() throws {
        for (piece, rest) in [("2", "50 queued\r\n"), ("250-", "one\r\n250 two\r\n"), ("354", " go on\r\n")] {
            var play = try Play.ready()
            _ = try play.open()
            _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
            #expect(play.server(piece) == [])
            _ = play.finish("x\r\n.\r\n")
            #expect(play.server(rest).first == "failed protocol_violation content unknown", "\(piece)")
        }
        // A refusal of the content is one whenever it began.
        var play = try Play.ready()
        _ = try play.open()
        _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        #expect(play.server("5") == [])
        _ = play.finish("x\r\n.\r\n")
        #expect(play.server("52 too much\r\n").first?.contains("refused content 552 not_sent") == true)
    }

    /// A goodbye behind a reply is a goodbye.
    @Test func aGoodbyeBehindAReply() throws {
        var play = try Play.ready()
        _ = try play.open()
        _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
        _ = play.finish("x\r\n.\r\n")
        #expect(
            play.server("250 queued\r\n421 closing\r\n") == [
                "finished 250", "> QUIT|", "leave refused mail 421 not_sent",
            ])
    }

    // MARK: STARTTLS refused

    @Test func aRefusalOfSTARTTLSThatIsNone() throws {
        for (reply, close) in [
            ("421 4.3.2 closing", ["> QUIT|", "leave refused starttls 421 not_sent"]),
            ("354 go", ["close protocol_violation starttls not_sent"]),
        ] {
            var play = try Play(security: .opportunistic)
            _ = play.server("220 hello\r\n")
            #expect(play.server("250-server\r\n250 STARTTLS\r\n") == ["> STARTTLS|"])
            #expect(play.server(reply + "\r\n") == close)
        }
    }

    // MARK: Channel binding

    private static let both = "SCRAM-SHA-256-PLUS SCRAM-SHA-256"

    /// With a certificate to bind to, the server's offer decides: bound, or told that it was not offered (RFC 5802,
    /// section 6). A struck-out offer is then known to the server. Without one, or where the caller asked for the unbound
    /// mechanism, the server is never told that it offers none: it could know better.
    @Test(arguments: [
        (both, true, AuthenticationMechanism?.none, "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,"),
        ("SCRAM-SHA-256 PLAIN", true, nil, "SCRAM-SHA-256", "y,,"),
        ("SCRAM-SHA-256 PLAIN", true, .scramSHA256, "SCRAM-SHA-256", "y,,"),
        (both, true, .scramSHA256, "SCRAM-SHA-256", "n,,"), (both, false, nil, "SCRAM-SHA-256", "n,,"),
        ("SCRAM-SHA-256 PLAIN", false, nil, "SCRAM-SHA-256", "n,,"),
    ])
    func bindsToTheCertificate(
        _ offered: String, _ canBind: Bool, _ askedFor: AuthenticationMechanism?, _ mechanism: String, _ header: String
    ) throws {
        let credentials = SMTPCredentials(username: "u", password: "p", mechanism: askedFor)
        var play = try Play(security: .required, credentials: credentials)
        _ = play.server("220 hello\r\n")
        #expect(play.server("250-server\r\n250 STARTTLS\r\n") == ["> STARTTLS|"])
        #expect(play.server("220 go\r\n") == ["start TLS"])
        play.conversation.tlsEstablished(serverEndPoint: canBind ? [1, 2, 3] : nil)
        _ = play.drain()
        let sent = try #require(play.server("250-server\r\n250 AUTH \(offered)\r\n").first)
        #expect(sent.hasPrefix("> AUTH \(mechanism) "))
        let response = try #require(Base64.decode(sent.dropLast().split(separator: " ").last ?? ""))
        #expect(String(decoding: response, as: UTF8.self).hasPrefix("\(header)n=u,r="))
    }

    /// A token is asked for again when the credentials were refused, and not for another reason.
    @Test func anotherRefusalDoesNotCostAToken() throws {
        var play = try Play(
            security: .none, credentials: SMTPCredentials(username: "u", mechanism: .oauthBearer) { "t" })
        _ = play.server("220 hello\r\n")
        #expect(
            play.server("250-server\r\n250 AUTH OAUTHBEARER\r\n")
                == ["> QUIT|", "leave authentication_unavailable auth not_sent"])
        play = try Play(
            security: .implicit, credentials: SMTPCredentials(username: "u", mechanism: .oauthBearer) { "t" })
        _ = play.server("220 hello\r\n")
        #expect(play.server("250-server\r\n250 AUTH OAUTHBEARER\r\n") == ["ask for token"])
        play.conversation.tokenArrived("t")
        _ = play.drain()
        #expect(
            play.server("530 5.7.0 not from here\r\n") == [
                "> QUIT|", "leave refused auth 530 not_sent",
            ])
    }

    /// Salting a password takes thousands of digests: it is done elsewhere, and once for all sessions.
    @Test func thePasswordIsSaltedOnce() throws {
        let credentials = SMTPCredentials(username: "u", password: "p")
        for isFirst in [true, false] {
            var play = try Play(security: .implicit, credentials: credentials)
            _ = play.server("220 hello\r\n")
            let sent = try #require(play.server("250-server\r\n250 AUTH SCRAM-SHA-256\r\n").first)
            let response = try #require(Base64.decode(sent.dropLast().split(separator: " ").last ?? ""))
            let nonce = try #require(String(decoding: response, as: UTF8.self).split(separator: "r=").last)
            let challenge = Base64.encode(Array("r=\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8))
            var actions = play.server("334 \(challenge)\r\n")
            if isFirst { #expect(actions.removeFirst() == "derive") }
            #expect(actions.count == 1)
            #expect(play.conversation.awaited?.stage == .auth)
        }
    }

    @Test func theTranscriptHoldsContentWhereItIsAskedFor() throws {
        var settings = ConversationSettings(identity: try #require(ClientDomain("client.example.org")))
        settings.keepsTranscript = true
        settings.recordsContent = true
        var play = try Play.ready()
        play.conversation = Conversation(settings)
        _ = play.server("220 hello\r\n")
        _ = play.server("250 server\r\n")
        _ = try play.open()
        _ = play.server("250 ok\r\n")
        _ = play.server("250 ok\r\n")
        _ = play.server("354 go\r\n")
        #expect(
            play.finish("Subject: x\r\n\r\n..hi\r\n.\r\n").prefix(4) == [
                "C: Subject: x", "C: ", "C: ..hi", "C: .",
            ])
    }
}
