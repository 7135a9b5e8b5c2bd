import MailAddress
import NIOCore

@testable import SMTP

/// A client that sends messages, against a server that answers anything, at any split of its bytes, while anything else
/// happens: each message is answered once, none is `not_sent` without a reply after its end went out, no reply meets
/// another's command, a call that does not fit changes nothing, nothing is written behind the end, no line is put on the wire
/// by anybody but the client, and no credentials in clear text.
enum ConversationTarget {
    static func run(_ bytes: [UInt8]) {
        guard var client = Client.make(bytes) else { return }
        client.play()
    }

    /// What servers say, so that an input need not spell it.
    private static let replies = [
        "220 server\r\n", "250 ok\r\n", "354 go\r\n", "235 ok\r\n", "334 \r\n", "334 PDFAc2VydmVyPg==\r\n",
        "250-server\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-DSN\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
        "250-server\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n",
        "250-server\r\n250-STARTTLS\r\n250 AUTH PLAIN OAUTHBEARER XOAUTH2\r\n",
        "250-server\r\n250-CHUNKING\r\n250 LIMITS RCPTMAX=1 MAILMAX=2\r\n", "250 server\r\n", "502 what\r\n",
        "550 5.1.1 no\r\n", "450 4.2.0 later\r\n", "452 4.5.3 too many\r\n", "421 4.3.2 bye\r\n", "554 5.5.1 no\r\n",
        "250 ok\r\n250 ok\r\n354 go\r\n", "250 ok\r\n550 no\r\n554 no\r\n", "250 ok\r\n250 ok\r\n250 ok\r\n",
        "250-ok\r\n251 ok\r\n", "503 no\r\n", "535 5.7.8 no\r\n", "221 bye\r\n", "\u{16}\u{3}\u{1}", "250-",
    ]

    /// Replies of one line, for a server that numbers them.
    private static let numbered = [
        220, 250, 354, 235, 250, 250, 354, 550, 450, 452, 421, 554, 503, 221, 250, 502,
    ]

    private struct Client: ~Copyable {
        private var input: Input
        private var conversation: Conversation
        private let allowsClearText: Bool
        /// Messages that were begun, and those that were answered.
        private var begun = 0
        private var answered = 0
        /// Contents that were ended, and messages that the server took.
        private var finished = 0
        private var taken = 0
        /// Whether the end of the message that is answered next has gone out.
        private var endIsOut = false
        private var isClosed = false
        private let envelopes: [Envelope]
        /// Whether the server numbers its replies, so that each can be held against the command that it belongs to.
        private let isNumbered: Bool
        /// What each reply is owed to: the greeting first, then the commands.
        private var commands = ["220"]
        /// Whether each reply was owed when it was sent.
        private var isOwed: [Bool] = []

        private init(
            _ input: Input, _ settings: ConversationSettings, _ envelopes: [Envelope], isNumbered: Bool
        ) {
            self.input = input
            self.isNumbered = isNumbered
            allowsClearText = settings.allowsClearTextAuthentication
            conversation = Conversation(settings)
            self.envelopes = envelopes
        }

        static func make(_ bytes: [UInt8]) -> Client? {
            var input = Input(bytes)
            let flags = input.byte()
            guard let identity = ClientDomain("client.example.org") else { return nil }
            var settings = ConversationSettings(identity: identity)
            settings.security = [.none, .opportunistic, .required, .implicit][Int(flags & 3)]
            switch flags >> 2 & 3 {
            case 1: settings.credentials = SMTPCredentials(username: "user", password: "secret")
            case 2: settings.credentials = SMTPCredentials(username: "user") { "secret" }
            default: break
            }
            settings.allowsClearTextAuthentication = flags & 16 != 0
            settings.keepsTranscript = flags & 32 != 0
            if flags & 64 != 0 { settings.replyLimits = ReplyParser.Limits(line: 80, reply: 200) }
            do {
                var several = try Envelope(from: "a@example.org", to: ["b@example.net", "c@example.net"])
                var all = several
                all.recipientPolicy = .all
                several.size = 900
                let envelopes = [
                    try Envelope(from: "a@example.org", to: ["b@example.net"]), several, all,
                    try Envelope(from: "", to: ["bü@example.net"]),
                ]
                return Client(input, settings, envelopes, isNumbered: flags & 128 != 0)
            } catch {
                return nil
            }
        }

        mutating func play() {
            carryOut()
            while !input.isEmpty {
                step(input.byte())
                carryOut()
            }
            conversation.connectionClosed("the end")
            carryOut()
            ensure(isClosed, "it did not end")
            ensure(begun == answered, "\(begun) messages begun and \(answered) answered")
        }

        /// One event, as the owner of a conversation brings it about.
        private mutating func step(_ event: UInt8) {
            switch event {
            case 0..<200 where isNumbered, 250...255 where isNumbered: receiveNumbered(count: Int(event) & 3 + 1)
            case 0..<128:
                for piece in pieces(of: input.bytes(Int(event) + 1), seed: event) { receive(piece) }
            case 128..<200:
                let reply = Array(ConversationTarget.replies[Int(event - 128) % ConversationTarget.replies.count].utf8)
                receive(reply)
            case 200..<208: open(envelopes[Int(event) & 3], mayDefer: event & 4 != 0)
            case 208..<212:
                let fits = conversation.takesContent
                call(fits: fits) { conversation throws(SMTPError) in
                    try conversation.writeContent(ByteBuffer(string: "text\r\n"))
                }
            case 212..<224: finish(followedBy: event & 8 != 0 ? envelopes[Int(event) & 3] : nil)
            case 224..<228: conversation.abandonContent()
            case 228..<230: takeBackChained()
            case 230: conversation.probe()
            case 231: conversation.quit()
            case 232..<240: conversation.tlsEstablished()
            case 240: conversation.tlsFailed(TLSDiagnosis(.handshake, "failed", advice: ""))
            case 241: conversation.deadlinePassed()
            case 242: conversation.connectionClosed("closed")
            case 243..<248: conversation.tokenArrived("token")
            case 248: conversation.tokenFailed("no token", isTemporary: input.byte() % 2 == 0)
            case 249: conversation.tokenArrived("a\r\ntoken")
            default: receive([input.byte()])
            }
        }

        private mutating func receive(_ bytes: [UInt8]) {
            conversation.received(ByteBuffer(bytes: bytes))
            carryOut()
        }

        /// Several replies in one packet.
        private mutating func receiveNumbered(count: Int) {
            // What is only sent because of the first of them is not what the others answer.
            let owed = commands.count
            var packet = ""
            for _ in 0..<count {
                let code = ConversationTarget.numbered[Int(input.byte()) % ConversationTarget.numbered.count]
                let extensions = commands.last == "EHLO" && count == 1 ? "250-PIPELINING\r\n250-CHUNKING\r\n" : ""
                packet += (code == 250 ? extensions : "") + "\(code) #\(isOwed.count)\r\n"
                isOwed.append(isOwed.count < owed)
            }
            receive(Array(packet.utf8))
        }

        /// A call that is turned down, without any other effect, if it does not fit.
        private mutating func call(fits: Bool, _ body: (inout Conversation) throws(SMTPError) -> Void) {
            let state = conversation.state.name
            do throws(SMTPError) {
                try body(&conversation)
                ensure(fits, "a call that does not fit is taken in the state \(state)")
            } catch {
                ensure(!fits && error.reason == .invalidUse, "\(error) in the state \(state)")
                ensure(conversation.state.name == state, "\(state) is left by a call that does not fit")
                ensure(conversation.nextAction() == nil, "an action of a call that does not fit")
            }
        }

        private mutating func open(_ envelope: Envelope, mayDefer: Bool) {
            let fits = conversation.isReady
            if fits { begun += 1 }
            let defers = mayDefer && conversation.capabilities.chunking && conversation.capabilities.pipelining
            call(fits: fits) { conversation throws(SMTPError) in
                if defers {
                    try conversation.openDeferred(envelope)
                } else {
                    try conversation.open(envelope)
                }
            }
        }

        private mutating func finish(followedBy next: Envelope?) {
            let fits = conversation.takesContent
            // As the writer ends it: with the dot, or with nothing where the length tells the end.
            let end = conversation.isChunked ? "text\r\n" : "text\r\n.\r\n"
            let chained = next.flatMap { conversation.mayChain($0) ? $0 : nil }
            if fits {
                finished += 1
                endIsOut = true
                if chained != nil { begun += 1 }
            }
            call(fits: fits) { conversation throws(SMTPError) in
                try conversation.finishContent(ByteBuffer(string: end), followedBy: chained)
            }
        }

        /// The message is another session's from then on.
        private mutating func takeBackChained() {
            let wasTakenBack = conversation.state.nextIsTakenBack
            conversation.takeBackChained()
            if conversation.state.nextIsTakenBack, !wasTakenBack { begun -= 1 }
        }

        private mutating func carryOut() {
            while let action = conversation.nextAction() {
                ensure(!isClosed, "\(action) behind the end")
                switch action {
                case .write(let bytes): check(bytes)
                case .finished, .failed, .refused: takeAnswer(action)
                case .close(let error):
                    isClosed = true
                    if let error { check(error) }
                case .opened(let opened): check(opened.rejected)
                case .leave(let error): check(error)
                case .transcript(let line):
                    ensure(!line.contains("c2VjcmV0") && !line.contains("AHVzZXIA"), "credentials in \(line)")
                case .derive(let derivation):
                    derivation.run()
                    conversation.derived()
                case .ready, .startTLS, .askForToken, .tokenRefused: break
                }
            }
            // A session that can take the next message owes no answer.
            if conversation.isReady { ensure(begun == answered, "\(begun) begun and \(answered) answered") }
        }

        private mutating func takeAnswer(_ action: ConversationAction) {
            answered += 1
            ensure(answered <= begun, "an answer to nothing: \(action)")
            switch action {
            case .finished(let message):
                taken += 1
                check(message.opened.rejected)
                if let number = number(of: message.reply) {
                    ensure(isOwed[number] && commands[number] == "content", "taken by the reply to another command")
                }
                ensure(taken <= finished, "taken without its content: \(action)")
            case .failed(let error), .refused(let error):
                ensure(error.outcome == .notSent || endIsOut, "unknown without content: \(error)")
                ensure(
                    error.outcome == .unknown || !endIsOut || error.reply != nil, "not sent, it says: \(error)")
                check(error)
            default: break
            }
            endIsOut = false
        }

        /// The number that the server gave a reply.
        private func number(of reply: Reply) -> Int? {
            isNumbered ? reply.text.split(separator: "#").last.flatMap { Int($0) } : nil
        }

        /// The recipients that were refused, each by the reply to its own RCPT.
        private func check(_ rejected: [RejectedRecipient]) {
            for recipient in rejected {
                guard let number = number(of: recipient.reply) else { continue }
                ensure(
                    isOwed[number] && commands[number].hasPrefix("RCPT TO:<\(recipient.address)>"),
                    "\(recipient) is refused by the reply to \(commands[number])")
            }
        }

        /// A failure is of the stage whose command the reply belongs to.
        private func check(_ error: SMTPError) {
            check(error.rejected)
            // A reply that was not owed ends the session at any stage.
            guard let reply = error.reply, let number = number(of: reply), isOwed[number] else { return }
            let command = commands[number]
            let fits =
                switch error.stage {
                case .mail: ["MAIL", "RSET", "NOOP"].contains { command.hasPrefix($0) }
                case .rcpt: command.hasPrefix("RCPT")
                case .data: command == "DATA"
                case .content: command == "content"
                default: !command.hasPrefix("MAIL") && !command.hasPrefix("RCPT") && command != "content"
                }
            ensure(fits, "\(error) by the reply to \(command)")
        }

        /// Keeps the commands of a write.
        private mutating func keep(_ lines: [Substring]) {
            var isContent = false
            for line in lines {
                switch line {
                case "text": isContent = true
                case ".":
                    commands.append(isContent ? "content" : "empty")
                    isContent = false
                case _ where line.hasPrefix("BDAT"): commands.append("content")
                case _ where line.hasPrefix("EHLO"): commands.append("EHLO")
                default: commands.append(String(line))
                }
            }
        }

        /// Only whole lines that end in CRLF go out, whatever the server said.
        private mutating func check(_ bytes: ByteBuffer) {
            let text = Array(bytes.readableBytesView)
            ensure(text.suffix(2) == [13, 10], "no whole line: \(text)")
            for (index, byte) in text.enumerated() {
                if byte == 10 { ensure(index > 0 && text[index - 1] == 13, "a lone LF") }
                if byte == 13 { ensure(index + 1 < text.count && text[index + 1] == 10, "a lone CR") }
                ensure(byte != 0, "a NUL")
            }
            if isNumbered { keep(String(decoding: text.dropLast(2), as: UTF8.self).split(separator: "\r\n")) }
            if text.starts(with: Array("AUTH".utf8)) {
                ensure(conversation.isSecure || allowsClearText, "AUTH in clear text")
            }
        }
    }
}
