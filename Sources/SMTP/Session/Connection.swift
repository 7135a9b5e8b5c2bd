internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// The shell around a conversation: it carries out the conversation's actions on a channel, and tells it what the
/// network and the clock say. Bound to its channel's event loop.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias OpenCompletion = (Result<[RejectedRecipient], SMTPError>) -> Void
    typealias ReplyCompletion = (Result<Reply, SMTPError>) -> Void

    private var conversation: Conversation
    private let configuration: SMTPConfiguration
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    weak var owner: (any SessionOwner)?
    /// The session of a connection that a pool holds, until it is closed.
    var session: SMTPSession?

    private var connectCompletion: ((Result<Void, SMTPError>) -> Void)?
    private var openCompletion: OpenCompletion?
    /// For the transaction whose envelope went out behind the content of the one under way.
    private var chainedCompletion: OpenCompletion?
    /// When that was, nil where there is none.
    private(set) var chainedSince: NIODeadline?
    private var finishCompletion: ReplyCompletion?
    private var quitCompletion: (() -> Void)?
    private var writableWaiters: [(Result<Void, SMTPError>) -> Void] = []
    /// How many pieces of content were written; with the conversation's progress, what the deadline was last set for.
    private var writes = 0
    private var timed = (-1, -1)
    /// Why the connection is closed, once it is.
    private(set) var closeError: SMTPError?
    private lazy var deadline = Deadline(eventLoop) { [unowned self] in deadlinePassed() }

    /// When the last final dot was handed to the socket.
    private var finishedAt = NIODeadline.now()
    /// How many transactions have begun here.
    private(set) var transactions = 0
    /// When the last transaction ended or the connection was set up.
    private(set) var readySince = NIODeadline.now()
    let createdAt = NIODeadline.now()

    init(
        _ configuration: SMTPConfiguration, eventLoop: any EventLoop,
        connected: @escaping (Result<Void, SMTPError>) -> Void
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        conversation = Conversation(configuration.conversation)
        connectCompletion = connected
    }

    var capabilities: Capabilities { conversation.capabilities }
    var isSecure: Bool { conversation.isSecure }
    var isReady: Bool { conversation.phase == .ready }
    var isClosed: Bool { conversation.phase == .closed }

    // MARK: Calls

    func open(_ envelope: Envelope, completion: @escaping OpenCompletion) {
        guard openCompletion == nil, finishCompletion == nil, conversation.phase == .ready else {
            completion(
                .failure(
                    closeError
                        ?? SMTPError(
                            .invalidUse, stage: .mail,
                            detail: "a message is open on this session; close it before the next is opened")))
            return
        }
        openCompletion = completion
        transactions += 1
        conversation.open(envelope)
        obey()
    }

    /// Hands content to the socket and calls back when there is room for more.
    func write(_ bytes: ByteBuffer, transaction: Int, completion: @escaping (Result<Void, SMTPError>) -> Void) {
        guard transaction == transactions, conversation.phase == .content, let context else {
            completion(.failure(closeError ?? Self.notOpen))
            return
        }
        conversation.writeContent(bytes)
        obey()
        if context.channel.isWritable {
            completion(.success(()))
        } else {
            writableWaiters.append(completion)
            writes += 1
            updateDeadline()
        }
    }

    func finish(_ bytes: ByteBuffer, transaction: Int, completion: @escaping ReplyCompletion) {
        guard transaction == transactions, conversation.phase == .content else {
            completion(.failure(closeError ?? Self.notOpen))
            return
        }
        finishCompletion = completion
        finishedAt = .now()
        if let next = owner?.connectionMayChain(self) {
            chainedCompletion = next.completion
            chainedSince = .now()
            conversation.finishContent(bytes, followedBy: next.envelope)
        } else {
            conversation.finishContent(bytes)
        }
        obey()
    }

    /// Whether an envelope may go out behind the content that is about to be finished.
    func mayChain(_ envelope: Envelope) -> Bool {
        conversation.mayChain(envelope)
    }

    /// Takes the chained transaction back, before its turn has come. The session ends after the message under way.
    ///
    /// - Returns: its completion, which is not called here any more; nil where there is none.
    func takeBackChained() -> OpenCompletion? {
        conversation.takeBackChained()
        chainedSince = nil
        return take(&chainedCompletion)
    }

    /// Gives up a message whose content is not complete. There is no command for that: the connection ends.
    func abandon(transaction: Int) {
        guard transaction == transactions, conversation.phase == .content else { return }
        close("the message was given up before its content was complete", reason: .shutDown)
    }

    func quit(completion: @escaping () -> Void) {
        guard !isClosed else {
            completion()
            return
        }
        quitCompletion = completion
        conversation.quit()
        obey()
    }

    func connectFailed(_ error: SMTPError) {
        conversation.fail(error)
        obey()
    }

    func close(_ detail: String, reason: SMTPError.Reason) {
        conversation.connectionClosed(detail, reason: reason)
        obey()
    }

    // MARK: Actions

    private func obey() {
        while let action = conversation.nextAction() {
            switch action {
            case .write(let bytes): context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            case .transcript(let line): configuration.transcript?.write(line)
            case .startTLS: startTLS()
            case .askForToken: askForToken()
            case .ready:
                readySince = .now()
                take(&connectCompletion)?(.success(()))
                owner?.connectionBecameReady(self)
            case .opened(let rejected): take(&openCompletion)?(.success(rejected))
            case .finished(let reply): completeTransaction(.success(reply))
            case .failed(let error): completeTransaction(.failure(error))
            case .close(let error): finishClosing(error)
            }
        }
        updateDeadline()
    }

    private func completeTransaction(_ result: Result<Reply, SMTPError>) {
        readySince = .now()
        if let completion = take(&finishCompletion) {
            owner?.connection(self, answeredAfter: readySince - finishedAt)
            if let next = take(&chainedCompletion) {
                openCompletion = next
                chainedSince = nil
                transactions += 1
            }
            completion(result)
        } else if case .failure(let error) = result {
            closeError = closeError ?? (isClosed ? error : nil)
            failWritableWaiters(error)
            take(&openCompletion)?(.failure(error))
        }
        // Where a chained transaction has failed already, its own turn in the queue of actions is still to come.
        if isReady, openCompletion == nil { owner?.connectionBecameReady(self) }
    }

    private func finishClosing(_ error: SMTPError?) {
        let reason =
            error ?? SMTPError(.shutDown, stage: .quit, detail: "the session has ended; connect a new one")
        // An error of the message under way is more telling than the connection's end that it brought.
        closeError = closeError ?? reason
        failWritableWaiters(reason)
        take(&connectCompletion)?(.failure(reason))
        take(&openCompletion)?(.failure(reason))
        take(&finishCompletion)?(.failure(reason))
        take(&quitCompletion)?()
        deadline.cancel()
        context?.close(promise: nil)
        owner?.connectionClosed(self, error: reason)
        owner = nil
        session = nil
    }

    private func failWritableWaiters(_ error: SMTPError) {
        let waiters = writableWaiters
        writableWaiters = []
        for waiter in waiters { waiter(.failure(error)) }
    }

    private func startTLS() {
        guard let context, let tls = configuration.security.context else {
            conversation.tlsFailed("TLS is not configured")
            obey()
            return
        }
        do {
            try context.pipeline.syncOperations.addHandler(
                Self.tlsHandler(tls, host: configuration.host), position: .first)
        } catch {
            conversation.tlsFailed("TLS could not be started: \(error)")
            obey()
        }
    }

    private func askForToken() {
        guard case .token(let source)? = configuration.credentials?.secret else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        Task {
            let token: String?
            var reason = ""
            do {
                token = try await source()
            } catch {
                token = nil
                // Only its type: whatever it says of itself may hold a secret.
                reason = String(describing: type(of: error))
            }
            let failure = reason
            eventLoop.execute {
                let connection = bound.value
                if let token {
                    connection.conversation.tokenArrived(token)
                } else {
                    connection.conversation.tokenFailed(failure)
                }
                connection.obey()
            }
        }
    }

    /// The TLS handler for a host. Names are sent in SNI and verified; an address is verified as such.
    static func tlsHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    // MARK: Time

    /// A deadline begins with a command, a reply or a write, and not with every byte: a server that trickles meets it.
    private func updateDeadline() {
        let current = (conversation.progress, writes)
        if let stage = conversation.awaiting {
            if current != timed { deadline.set(after: configuration.timeouts.bound(at: stage)) }
        } else if !writableWaiters.isEmpty {
            if current != timed { deadline.set(after: configuration.timeouts.content) }
        } else {
            deadline.clear()
        }
        timed = current
    }

    private func deadlinePassed() {
        conversation.deadlinePassed()
        obey()
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        updateDeadline()
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        conversation.received(unwrapInboundIn(data))
        obey()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            let waiters = writableWaiters
            writableWaiters = []
            for waiter in waiters { waiter(.success(())) }
        }
        updateDeadline()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            conversation.tlsEstablished()
            obey()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let tls = TLSFailure(error) {
            conversation.tlsFailed(tls.description)
            obey()
        } else {
            close("the connection broke: \(error)", reason: .connectionLost)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        close("the server ended the connection", reason: .connectionLost)
        context.fireChannelInactive()
    }

    private static let notOpen = SMTPError(.invalidUse, stage: .content, detail: "no message is open on this session")
}

/// Takes a completion out of its place, so that it is called once.
private func take<Completion>(_ place: inout Completion?) -> Completion? {
    let completion = place
    place = nil
    return completion
}
