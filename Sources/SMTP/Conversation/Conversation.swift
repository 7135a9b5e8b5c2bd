import DequeModule
import NIOCore

/// The client's side of a session as a value (RFC 5321): events in, actions out, no I/O and no clock.
///
/// It holds the queue of the replies that are due, so a reply can only meet its own command; and all bytes pass through
/// it, so what is known of a message is a fact. Every event is one call; afterwards the owner takes `nextAction` until
/// there is none, and carries each one out before the next event.
///
/// It cannot be copied: it is asked at every turn, as a property of an object, and the compiler would rather copy all of it
/// than look at a part.
struct Conversation: ~Copyable {
    enum Phase: Equatable {
        /// Greeting, EHLO, STARTTLS, AUTH.
        case connecting
        /// Waiting for the TLS handshake.
        case handshake
        /// No transaction: the next one may begin.
        case ready
        /// NOOP has been sent, to learn whether the server is still there.
        case probing
        /// A transaction has begun of which nothing has been sent: its envelope waits for the content.
        case deferred
        /// MAIL, RCPT and DATA are under way.
        case envelope
        /// The server waits for the content.
        case content
        /// The last of the content has been handed to the socket: the final dot, or the last BDAT.
        case finalReply
        /// The transaction failed and its caller was told; the session is being made ready for the next one.
        case resetting
        /// QUIT has been handed to the socket.
        case quitting
        /// Nothing more will happen.
        case closed
    }

    let settings: ConversationSettings
    /// The name given in EHLO.
    private(set) var identity: ClientDomain
    var phase = Phase.connecting
    var capabilities = Capabilities()
    var isSecure: Bool
    /// The hash of the server's certificate that SCRAM can be bound to, where there is TLS and it has one.
    var serverEndPoint: [UInt8]?
    /// The mechanism that the session was authenticated with.
    var mechanism: AuthenticationMechanism?
    /// The reply that refused EHLO, if the server took HELO in its place.
    var helloRefusal: Reply?
    /// The mechanisms that the server refused as such in this session.
    var refusedMechanisms: Set<AuthenticationMechanism> = []
    var due = Deque<DueReply>(minimumCapacity: 8)
    var transaction: Transaction?
    /// The transaction whose envelope went out behind the content of the one under way (RFC 2920, section 3.1).
    var chained: Transaction?
    /// Whether the chained transaction was taken back: when its turn comes, the session ends instead.
    var chainedIsTakenBack = false
    var parser: ReplyParser
    /// Whether what the parser holds came before any command that it could be the reply to.
    private var hasUnaskedBytes = false
    private var actions = Deque<ConversationAction>(minimumCapacity: 4)
    /// Counts commands and replies, so that the owner sees when a deadline begins anew.
    var progress = 0
    /// The run of AUTH that is under way.
    var authentication: Authentication?
    /// What was said of the secret while AUTH runs; beside the run itself, which is looked at for every message.
    var sentSecrets = SentSecrets()
    /// How many challenges the server has sent in the run.
    var challenges = 0

    init(_ settings: ConversationSettings) {
        self.settings = settings
        identity = settings.identity
        isSecure = false
        if settings.security == .implicit { phase = .handshake }
        parser = ReplyParser(limits: settings.replyLimits)
        due.append(.greeting)
    }

    /// The connection is there, and the name for EHLO follows from its address.
    mutating func identify(as identity: ClientDomain) {
        self.identity = identity
    }

    /// The stage whose reply the server owes, or nil where it owes none.
    var awaiting: SMTPStage? {
        switch phase {
        case .handshake: handshakeStage
        case .connecting where authentication?.awaitsOwner == true: .auth
        default: due.first?.stage
        }
    }

    /// The next thing to do, or nil where there is none.
    mutating func nextAction() -> ConversationAction? {
        actions.popFirst()
    }

    mutating func act(_ action: ConversationAction) {
        actions.append(action)
    }

    // MARK: Events

    /// Bytes have come from the server.
    mutating func received(_ bytes: ByteBuffer) {
        guard phase != .closed else { return }
        if phase == .handshake {
            fail(protocolViolation(Self.injection, at: handshakeStage))
            return
        }
        parser.append(bytes)
        do throws(ReplyParser.Failure) {
            while phase != .closed, phase != .handshake, let reply = try parser.next() {
                if settings.keepsTranscript { record(reply) }
                if hasUnaskedBytes {
                    hasUnaskedBytes = false
                    takeUnsolicited(reply)
                } else {
                    // With the last reply that was due, more bytes cannot answer what is only sent because of it.
                    let isLastDue = due.count <= 1
                    take(reply)
                    hasUnaskedBytes = isLastDue && !parser.isBlank
                }
            }
            refuseUnaskedBytes()
        } catch {
            fail(protocolViolation(error.description))
        }
    }

    /// Looks at what is left of what has come, if no reply is due: it began before any command that is sent from now on, and
    /// must not count as the reply to one.
    private mutating func refuseUnaskedBytes() {
        guard due.isEmpty, phase != .closed, phase != .handshake, !parser.isBlank else { return }
        hasUnaskedBytes = true
        // The next message would wait for the rest of it. Nothing of a deferred one has been sent.
        if phase == .ready || phase == .deferred {
            fail(protocolViolation("the server sent octets that no command asked for"))
        }
    }

    /// A deadline has passed.
    mutating func deadlinePassed() {
        if authentication?.awaitsToken == true {
            tokenFailed("the source of access tokens did not answer in time", isTemporary: true)
            return
        }
        fail(
            SMTPError(
                .timedOut, stage: currentStage, outcome: outcome, reply: nil,
                detail: "the server did not \(whatIsDue) in time",
                rejected: transaction?.rejected ?? []))
    }

    /// The connection is gone, or was given up for the reason given.
    mutating func connectionClosed(_ detail: String, reason: SMTPError.Reason = .connectionLost) {
        switch phase {
        case .closed: return
        case .quitting: finishQuitting()
        default:
            fail(
                SMTPError(
                    reason, stage: currentStage, outcome: outcome, detail: detail,
                    rejected: transaction?.rejected ?? []))
        }
    }

    /// The caller wants to send a message. Answered by `opened`, or by `failed`.
    mutating func open(_ envelope: Envelope) {
        guard phase == .ready else {
            act(.failed(SMTPError(.invalidUse, stage: .mail, detail: Self.notReady(phase))))
            return
        }
        if let refusal = localRefusal(of: envelope) {
            act(.failed(refusal))
            return
        }
        begin(envelope)
    }

    /// The caller no longer wants the chained transaction here. It was told as much as its envelope, so it can be sent on
    /// another session at once; this one ends after the message under way.
    mutating func takeBackChained() {
        guard chained != nil else { return }
        chainedIsTakenBack = true
    }

    /// The owner wants to know whether the server is still there. Answered by `ready`, or by `close`.
    mutating func probe() {
        guard phase == .ready else { return }
        phase = .probing
        send(.noop, expecting: .noop)
    }

    /// The caller wants to end the session.
    mutating func quit() {
        guard phase != .quitting else { return }
        guard phase == .ready || phase == .probing else {
            connectionClosed("the session was ended by its user", reason: .shutDown)
            return
        }
        phase = .quitting
        send(.quit, expecting: .quit)
    }

    // MARK: Replies

    private mutating func take(_ reply: Reply) {
        progress += 1
        guard let expected = due.popFirst() else {
            takeUnsolicited(reply)
            return
        }
        guard phase != .quitting else {
            // What was due before QUIT decides nothing any more. Behind a 354, QUIT is content.
            if expected == .quit || reply.isPositiveIntermediate || reply.code == 421 { finishQuitting() }
            return
        }
        switch expected {
        case .greeting, .ehlo, .helo, .startTLS: takeSetUpReply(reply, to: expected)
        case .authentication: takeAuthentication(reply)
        case .mail, .rcpt, .data, .rset: takeEnvelopeReply(reply, to: expected)
        case .chunk, .emptyContent, .content, .separator: takeContentReply(reply, to: expected)
        case .noop: takeNoop(reply)
        case .quit: finishQuitting()
        }
    }

    /// Whether a command of the set-up was carried out. If not, the session is over.
    mutating func check(_ reply: Reply, at stage: SMTPStage) -> Bool {
        if reply.isPositiveCompletion { return true }
        fail(reply.isPositiveIntermediate ? unexpected(reply, at: stage) : .refused(reply, at: stage))
        return false
    }

    private mutating func takeNoop(_ reply: Reply) {
        guard phase == .probing else { return }
        // Whatever it says but 421, the server is there (RFC 5321, section 4.1.1.9).
        if reply.code == 421 {
            fail(.refused(reply, at: .mail))
        } else {
            becomeReady()
        }
    }

    private mutating func takeUnsolicited(_ reply: Reply) {
        if phase == .quitting {
            finishQuitting()
        } else if phase == .content || phase == .finalReply, reply.code >= 400 {
            // The server gave up on the content early. The rest of it would be read as commands. A refusal that had begun before the
            // end of the content was sent is taken for the same: a server that refuses has no reason to take the message later.
            fail(.refused(reply, at: .content, rejected: transaction?.rejected ?? []))
        } else if reply.code == 421 {
            fail(.refused(reply, at: currentStage))
        } else {
            fail(protocolViolation("the server sent a reply that no command asked for: \(reply)"))
        }
    }

    mutating func becomeReady() {
        phase = .ready
        act(.ready)
    }

    mutating func move(to next: Phase) {
        phase = next
    }

    /// Ends the session: the transaction under way fails, and the connection is closed; with QUIT before, if the server is
    /// still there to take it (RFC 5321, section 4.1.1.10).
    mutating func fail(_ error: SMTPError) {
        guard phase != .closed else { return }
        let takesQuit = takesQuit(after: error)
        authentication = nil
        if let transaction {
            // A reply that refused the message decides, whatever happened to the connection since.
            if !transaction.isTold { act(.failed(transaction.failure ?? transaction.refusal ?? error)) }
            self.transaction = nil
        }
        if chained != nil {
            chained = nil
            act(.failed(error.reason == .shutDown ? Self.shutDownBefore : Self.leftBehind))
        }
        if takesQuit {
            phase = .quitting
            send(.quit, expecting: .quit)
            act(.leave(error))
        } else {
            phase = .closed
            due.removeAll()
            act(.close(error))
        }
    }

    /// Whether the server can be told QUIT: it has answered, and does not take the line for content.
    private func takesQuit(after error: SMTPError) -> Bool {
        switch phase {
        case .handshake, .quitting, .closed: return false
        case .content where transaction?.isChunked == false: return false
        default: break
        }
        switch error.reason {
        case .refused, .authenticationUnavailable, .noAccessToken, .accessTokenRefused: return true
        case .tls: return error.tlsFailure?.kind == .notOffered
        default: return false
        }
    }

    private mutating func finishQuitting() {
        phase = .closed
        due.removeAll()
        act(.close(nil))
    }

    /// Hands one command to the socket.
    mutating func send(_ command: Command, expecting reply: DueReply) {
        var line: [UInt8] = []
        append(command, to: &line, expecting: reply)
        act(.write(ByteBuffer(bytes: line)))
    }

    /// Adds a command to a group (RFC 2920).
    mutating func append(_ command: Command, to group: inout [UInt8], expecting reply: DueReply) {
        command.write(into: &group)
        progress += 1
        due.append(reply)
        if settings.keepsTranscript { act(.transcript("C: " + command.transcriptLine)) }
    }

    private mutating func record(_ reply: Reply) {
        var reply = reply
        if due.first == .authentication { reply = sentSecrets.withheld(reply) }
        // What a challenge holds is for the exchange alone.
        let lines = reply.code == 334 && due.first == .authentication ? ["[challenge]"] : reply.lines
        for (index, line) in lines.enumerated() {
            let separator = index == lines.count - 1 ? " " : "-"
            let enhanced = reply.enhancedCode.map { "\($0) " } ?? ""
            act(.transcript("S: \(reply.code)\(separator)\(enhanced)\(line)"))
        }
    }

    // MARK: Facts for errors

    /// What is known of the message if the connection ended now. A server that refused the whole envelope does not take
    /// the content that may have gone out behind it.
    var outcome: SMTPOutcome { phase == .finalReply && transaction?.refusal == nil ? .unknown : .notSent }

    var currentStage: SMTPStage {
        if let awaiting { return awaiting }
        return phase == .content ? .content : .mail
    }

    func unexpected(_ reply: Reply, at stage: SMTPStage) -> SMTPError {
        SMTPError(
            .protocolViolation, stage: stage, outcome: outcome,
            detail: "the server's reply does not fit the command: \(reply)")
    }

    func protocolViolation(_ detail: String, at stage: SMTPStage? = nil) -> SMTPError {
        SMTPError(.protocolViolation, stage: stage ?? currentStage, outcome: outcome, detail: detail)
    }

    static let injection =
        "the server sent clear text behind its reply to STARTTLS; the connection may be tampered with"

    /// What a chained transaction is told when the session ended with the one before. Only its envelope had gone out.
    private static let leftBehind = SMTPError(
        .connectionLost, stage: .mail, detail: "the session ended with the message before this one")

    /// The content of the message had not begun, whatever is known of the one before it.
    private static let shutDownBefore = SMTPError(
        .shutDown, stage: .mail, detail: "the session was ended before the message was sent")

    private static func notReady(_ phase: Phase) -> String {
        switch phase {
        case .deferred, .envelope, .content, .finalReply, .resetting:
            "a message is open on this session; close it before the next is opened"
        case .connecting, .handshake: "the session is not set up yet"
        default: "the session has ended; connect a new one"
        }
    }
}
