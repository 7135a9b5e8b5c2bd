/// The server's side of a session as a value (RFC 5321): octets in, actions out, no I/O and no clock.
///
/// However the octets are cut, the actions are the same.
struct SandboxConversation {
    /// What is to be done because of received octets, in order.
    enum Action: Equatable {
        case reply(SandboxReply)
        /// Keep the message, and answer with the reply, or else with the ID that it gets.
        case keep(ReceivedTransaction, reply: SandboxReply?)
        /// Call `resume()` after so many seconds, and read no more until then.
        case wait(seconds: Int)
        /// Begin TLS after the replies before (RFC 3207), and call `secured()` first.
        case startTLS
        /// Close the connection behind the replies before.
        case close
    }

    private enum Phase {
        case command
        case content
        /// Octets of a chunk are due; where it is refused they are thrown away, and then comes the refusal.
        case chunk(due: Int, size: Int, isLast: Bool, refusal: SandboxReply?)
        case waiting
        /// The client's answer to a challenge is due.
        case authentication(SandboxAuthentication)
        /// What comes before TLS has begun is thrown away (RFC 3207, section 6).
        case startingTLS
        case closed
    }

    private let configuration: SandboxConfiguration
    private let offersTLS: Bool
    private var isEncrypted = false
    private var isAuthenticated = false
    private var phase = Phase.command
    private var lines = CommandLineReader()
    private var unstuffer = DotUnstuffer()
    private var content: ContentBuffer
    private var hello: (name: String, isExtended: Bool)?
    private var transaction: Transaction?
    /// What came while the final reply is held back: no more than was read before reading stopped.
    private var held: [UInt8] = []
    private var actions: [Action] = []

    init(_ configuration: SandboxConfiguration, offersTLS: Bool = false) {
        self.configuration = configuration
        self.offersTLS = offersTLS
        content = ContentBuffer(maximumOctets: configuration.maximumMessageOctets)
    }

    /// What the server says first (RFC 5321, section 3.1).
    var greeting: SandboxReply { SandboxReply("220 \(configuration.serverName) ESMTP Postern sandbox") }

    /// Takes octets as they came from the network.
    mutating func receive(_ octets: [UInt8]) -> [Action] {
        var index = 0
        loop: while index < octets.count {
            switch phase {
            case .command:
                guard let line = lines.next(octets, from: &index) else { break loop }
                take(line)
            case .content:
                if unstuffer.take(octets, from: &index, into: &content) { finishContent() }
            case .chunk(let due, let size, let isLast, let refusal):
                let end = min(index + due, octets.count)
                if refusal == nil { content.append(octets[index..<end]) }
                phase = .chunk(due: due - (end - index), size: size, isLast: isLast, refusal: refusal)
                index = end
                finishChunk()
            case .waiting:
                held += octets[index...]
                break loop
            case .authentication(let authentication):
                guard let line = lines.next(octets, from: &index) else { break loop }
                phase = .command
                if case .line(let response) = line {
                    proceed(authentication.receive(response))
                } else {
                    reply(.lineTooLong)
                }
            case .startingTLS, .closed:
                break loop
            }
        }
        defer { actions = [] }
        return actions
    }

    /// The time that `.wait` asked for is over.
    mutating func resume() -> [Action] {
        guard case .waiting = phase else { return [] }
        conclude()
        let octets = held
        held = []
        return receive(octets)
    }

    /// TLS begins: the session starts anew (RFC 3207, section 4.2).
    mutating func secured() {
        reset()
        lines = CommandLineReader()
        hello = nil
        isEncrypted = true
        isAuthenticated = false
        phase = .command
    }

    // MARK: Commands

    private mutating func take(_ line: CommandLineReader.Line) {
        do throws(SandboxReply) {
            guard case .line(let octets) = line else { throw .lineTooLong }
            try take(SandboxCommand(octets))
        } catch {
            actions.append(.reply(error))
        }
    }

    private mutating func take(_ command: SandboxCommand) throws(SandboxReply) {
        switch command {
        case .hello(let name, let isExtended):
            reset()
            hello = (name, isExtended)
            reply(helloReply(isExtended: isExtended))
        case .mail(let reversePath, let parameters): try mail(reversePath, parameters)
        case .rcpt(let forwardPath, let parameters): try rcpt(forwardPath, parameters)
        case .data:
            guard try !readyForContent().hasChunks else { throw .chunksUnderWay }
            phase = .content
            reply(.startContent)
        case .bdat(let size, let isLast): chunk(size, isLast: isLast)
        case .auth(let mechanism, let initial):
            guard hello?.isExtended ?? false else { throw .needsHello }
            guard transaction == nil else { throw .nestedMail }
            guard !isAuthenticated else { throw .alreadyAuthenticated }
            proceed(SandboxAuthentication.begin(mechanism, initial))
        case .startTLS:
            guard offersTLS else { throw .notImplemented }
            guard !isEncrypted else { throw .alreadyEncrypted }
            reply(.startTLS)
            phase = .startingTLS
            actions.append(.startTLS)
        case .rset:
            reset()
            reply(.ok)
        case .noop: reply(.ok)
        case .vrfy: reply(.cannotVerify)
        case .help: reply(.help)
        case .quit:
            reply(.goodbye)
            close()
        }
    }

    private func helloReply(isExtended: Bool) -> SandboxReply {
        guard isExtended else { return SandboxReply("250 \(configuration.serverName)") }
        let extensions =
            [
                "PIPELINING", "SIZE \(configuration.maximumMessageOctets)", "8BITMIME", "SMTPUTF8",
                "ENHANCEDSTATUSCODES",
                "DSN", "AUTH \(SandboxAuthentication.mechanisms)",
            ] + (offersTLS && !isEncrypted ? ["STARTTLS"] : [])
        let lines = extensions.map { "250-\($0)\r\n" }.joined()
        return SandboxReply("250-\(configuration.serverName)\r\n\(lines)250 CHUNKING")
    }

    private mutating func mail(_ reversePath: String, _ parameters: [SandboxParameter]) throws(SandboxReply) {
        guard let hello else { throw .needsHello }
        guard transaction == nil else { throw .nestedMail }
        // What EHLO offers is not offered to HELO.
        guard hello.isExtended || parameters.isEmpty else { throw .unknownParameter }
        try ParameterRules.checkMail(parameters, maximumOctets: configuration.maximumMessageOctets)
        let transaction = Transaction(reversePath: reversePath, parameters: parameters)
        guard transaction.allowsUTF8 || reversePath.utf8.allSatisfy({ $0 < 0x80 }) else { throw .needsSMTPUTF8 }
        let reply = SandboxRules.reply(forReversePath: reversePath) ?? .senderOk
        if reply.isAcceptance { self.transaction = transaction }
        self.reply(reply)
    }

    private mutating func proceed(_ step: SandboxAuthentication.Step) {
        switch step {
        case .challenge(let text, let next):
            reply(SandboxReply("334 \(text)"))
            phase = .authentication(next)
        case .done(let answer):
            isAuthenticated = answer.isAcceptance
            reply(answer)
        }
    }

    private mutating func rcpt(_ forwardPath: String, _ parameters: [SandboxParameter]) throws(SandboxReply) {
        guard let hello else { throw .needsHello }
        guard let transaction else { throw .needsMail }
        guard !transaction.hasChunks else { throw .chunksUnderWay }
        guard hello.isExtended || parameters.isEmpty else { throw .unknownParameter }
        try ParameterRules.checkRcpt(parameters)
        guard transaction.allowsUTF8 || forwardPath.utf8.allSatisfy({ $0 < 0x80 }) else { throw .needsSMTPUTF8 }
        guard transaction.recipients.count < configuration.maximumRecipients else { throw .tooManyRecipients }
        if let answer = self.transaction?.add(forwardPath, parameters) { reply(answer) }
    }

    private func readyForContent() throws(SandboxReply) -> Transaction {
        guard hello != nil else { throw .needsHello }
        guard let transaction else { throw .needsMail }
        guard !transaction.recipients.isEmpty else { throw .noRecipients }
        return transaction
    }

    // MARK: Content

    /// A chunk's octets come whatever the reply will be (RFC 3030, section 2).
    private mutating func chunk(_ size: Int, isLast: Bool) {
        var refusal: SandboxReply?
        do throws(SandboxReply) {
            _ = try readyForContent()
            transaction?.hasChunks = true
        } catch {
            refusal = error
        }
        phase = .chunk(due: size, size: size, isLast: isLast, refusal: refusal)
        finishChunk()
    }

    private mutating func finishChunk() {
        guard case .chunk(0, let size, let isLast, let refusal) = phase else { return }
        phase = .command
        if let refusal {
            reply(refusal)
        } else if isLast {
            finishContent()
        } else {
            reply(content.isTooLarge ? .tooLarge : SandboxReply("250 2.0.0 \(size) octets received"))
        }
    }

    private mutating func finishContent() {
        if let seconds = transaction?.delaySeconds, seconds > 0 {
            phase = .waiting
            actions.append(.wait(seconds: seconds))
        } else {
            conclude()
        }
    }

    /// The final reply, or none.
    private mutating func conclude() {
        phase = .command
        guard let transaction, let hello else { return }
        if content.isTooLarge {
            reply(.tooLarge)
        } else if transaction.isDropped {
            close()
        } else if let asked = transaction.contentReply, !asked.isAcceptance {
            reply(asked)
        } else {
            let message = ReceivedTransaction(helloName: hello.name, transaction: transaction, raw: content.take())
            actions.append(.keep(message, reply: transaction.contentReply))
        }
        reset()
    }

    private mutating func reset() {
        transaction = nil
        content.removeAll()
    }

    private mutating func reply(_ reply: SandboxReply) {
        actions.append(.reply(reply))
        if reply.isFarewell { close() }
    }

    private mutating func close() {
        phase = .closed
        actions.append(.close)
    }
}
