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
    let settings: ConversationSettings
    /// The name given in EHLO.
    private(set) var identity: ClientDomain
    var state: ConversationState
    var capabilities = Capabilities()
    var isSecure: Bool
    /// The hash of the server's certificate that SCRAM can be bound to, if there is TLS and it has one.
    var serverEndPoint: [UInt8]?
    /// The mechanism that the session was authenticated with.
    var mechanism: AuthenticationMechanism?
    /// The reply that refused EHLO, if the server took HELO in its place.
    var helloRefusal: Reply?
    var due = Deque<DueReply>(minimumCapacity: 8)
    var parser: ReplyParser
    /// Whether what the parser holds came before any command that it could be the reply to.
    private var hasUnaskedBytes = false
    private var actions = Deque<ConversationAction>(minimumCapacity: 4)
    /// Counts commands and replies, so that the owner sees when a deadline begins anew.
    var progress = 0

    init(_ settings: ConversationSettings) {
        self.settings = settings
        identity = settings.identity
        isSecure = false
        state = .settingUp(settings.security == .implicit ? .handshake : .greeting)
        parser = ReplyParser(limits: settings.replyLimits)
        due.append(.greeting)
    }

    /// The connection is there, and the name for EHLO follows from its address.
    mutating func identify(as identity: ClientDomain) {
        self.identity = identity
    }

    /// The next thing to do, or nil if there is none.
    mutating func nextAction() -> ConversationAction? {
        actions.popFirst()
    }

    mutating func act(_ action: ConversationAction) {
        actions.append(action)
    }

    // MARK: Events

    /// Bytes have come from the server.
    mutating func received(_ bytes: ByteBuffer) {
        // What was on its way when the connection was closed answers nobody.
        guard !isClosed else { return }
        if isInHandshake {
            fail(protocolViolation(Self.injection, at: handshakeStage))
            return
        }
        parser.append(bytes)
        do throws(ReplyParser.Failure) {
            while state.readsReplies, let reply = try parser.next() {
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
        guard due.isEmpty, state.readsReplies, !parser.isBlank else { return }
        hasUnaskedBytes = true
        // The next message would wait for the rest of it. Nothing of a deferred one has been sent.
        if isReady || isDeferred {
            fail(protocolViolation("the server sent octets that no command asked for"))
        }
    }

    /// A deadline has passed.
    mutating func deadlinePassed() {
        if case .authentication(let authentication)? = state.setUp, authentication.awaitsToken {
            tokenFailed("the source of access tokens did not answer in time", isTemporary: true)
            return
        }
        fail(
            SMTPError(
                .timedOut, stage: currentStage, outcome: state.outcome, reply: nil,
                detail: "the server did not \(whatIsDue) in time",
                rejected: state.rejected))
    }

    /// The connection is gone, or was given up for the reason given.
    mutating func connectionClosed(_ detail: String, reason: SMTPError.Reason = .connectionLost) {
        if state.name == .quitting {
            finishQuitting()
        } else {
            fail(
                SMTPError(
                    reason, stage: currentStage, outcome: state.outcome, detail: detail,
                    rejected: state.rejected))
        }
    }

    /// The caller no longer wants the chained transaction here. It was told as much as its envelope, so it can be sent on
    /// another session at once, and nothing more is said of it; this one ends after the message under way.
    mutating func takeBackChained() {
        state.takeBackChained()
    }

    /// The owner wants to know whether the server is still there. Answered by `ready`, or by `close`; what is under way in
    /// any other state than `ready` is answered by the same.
    mutating func probe() {
        guard isReady else { return }
        state = .probing
        send(.noop, expecting: .noop)
    }

    /// The caller wants to end the session. Answered by `close`, which a session that ends already has on its way.
    mutating func quit() {
        guard state.name != .quitting else { return }
        guard isReady || state.name == .probing else {
            connectionClosed("the session was ended by its user", reason: .shutDown)
            return
        }
        state = .quitting
        send(.quit, expecting: .quit)
    }

    // MARK: Replies

    private mutating func take(_ reply: Reply) {
        progress += 1
        guard let expected = due.popFirst() else {
            takeUnsolicited(reply)
            return
        }
        if state.name == .quitting {
            // What was due before QUIT decides nothing any more. Behind a 354, QUIT is content.
            if expected == .quit || reply.isPositiveIntermediate || reply.code == 421 { finishQuitting() }
            return
        }
        switch expected {
        case .greeting, .ehlo, .helo, .startTLS, .authentication: takeSetUpReply(reply, to: expected)
        case .mail, .rcpt: takeEnvelopeReply(reply, to: expected)
        case .data: takeData(reply)
        case .emptyContent: takeEmptyContent(reply)
        case .rset: takeReset(reply)
        case .chunk: takeChunk(reply)
        case .content: takeFinal(reply)
        case .separator: takeSeparator(reply)
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

    /// Whatever it says but 421, the server is there (RFC 5321, section 4.1.1.9).
    private mutating func takeNoop(_ reply: Reply) {
        if state.name != .probing {
            fail(unexpected(reply, at: .mail))
        } else if reply.code == 421 {
            fail(.refused(reply, at: .mail))
        } else {
            becomeReady()
        }
    }

    private mutating func takeUnsolicited(_ reply: Reply) {
        if state.name == .quitting {
            finishQuitting()
        } else if state.isInContent, reply.code >= 400 {
            // The server gave up on the content early. The rest of it would be read as commands. A refusal that had begun before the
            // end of the content was sent is taken for the same: a server that refuses has no reason to take the message later.
            fail(.refused(reply, at: .content, rejected: state.rejected))
        } else if reply.code == 421 {
            fail(.refused(reply, at: currentStage))
        } else {
            fail(protocolViolation("the server sent a reply that no command asked for: \(reply)"))
        }
    }

    mutating func becomeReady() {
        state = .ready
        act(.ready)
    }

    /// Ends the session: those who wait for a transaction's end are told, and the connection is closed; with QUIT before, if
    /// the server is still there to take it (RFC 5321, section 4.1.1.10). A session that has ended stays as it is.
    mutating func fail(_ error: SMTPError) {
        guard !isClosed else { return }
        for failure in state.failures(error) { act(.failed(failure)) }
        if state.takesQuit(after: error) {
            state = .quitting
            send(.quit, expecting: .quit)
            act(.leave(error))
        } else {
            close(error)
        }
    }

    private mutating func finishQuitting() {
        close(nil)
    }

    private mutating func close(_ error: SMTPError?) {
        state = .closed
        due.removeAll()
        act(.close(error))
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
        if case .authentication(let authentication)? = state.setUp { reply = authentication.secrets.withheld(reply) }
        // What a challenge holds is for the exchange alone.
        let lines = reply.code == 334 && due.first == .authentication ? ["[challenge]"] : reply.lines
        for (index, line) in lines.enumerated() {
            let separator = index == lines.count - 1 ? " " : "-"
            let enhanced = reply.enhancedCode.map { "\($0) " } ?? ""
            act(.transcript("S: \(reply.code)\(separator)\(enhanced)\(line)"))
        }
    }

    // MARK: Facts for errors

    func unexpected(_ reply: Reply, at stage: SMTPStage) -> SMTPError {
        SMTPError(
            .protocolViolation, stage: stage, outcome: state.outcome,
            detail: "the server's reply does not fit the command: \(reply)")
    }

    func protocolViolation(_ detail: String, at stage: SMTPStage? = nil) -> SMTPError {
        SMTPError(.protocolViolation, stage: stage ?? currentStage, outcome: state.outcome, detail: detail)
    }

    static let injection =
        "the server sent clear text behind its reply to STARTTLS; the connection may be tampered with"
}
