internal import Foundation
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// The shell around a conversation: it carries out the conversation's actions on a channel, and tells it what the
/// network and the clock say. Bound to its channel's event loop.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias OpenCompletion = (Result<OpenedTransaction, SMTPError>) -> Void
    typealias FinishCompletion = (Result<FinishedTransaction, SMTPError>) -> Void

    var conversation: Conversation
    let configuration: SMTPConfiguration
    let eventLoop: any EventLoop
    /// Channels that are being connected to one of the server's addresses each. The first one that is wins.
    var candidates: [any Channel] = []
    var context: ChannelHandlerContext?
    weak var owner: (any SessionOwner)?
    /// What the owner calls the session.
    var identifier = SessionID(index: 0, serial: 0)

    var connectCompletion: ((Result<Void, SMTPError>) -> Void)?
    /// Who waits for what becomes of the transaction under way.
    var caller = TransactionCaller.none
    var quitCompletion: (() -> Void)?
    /// A call that waits until the session is cleared up after a transaction that failed.
    var postponed: (() -> Void)?
    var writableWaiters: [(Result<Void, SMTPError>) -> Void] = []
    /// What was agreed on in the TLS handshake, once it is done.
    var tlsFacts: SMTPTLSFacts?
    /// Why the connection is closed, once it is.
    var closeError: SMTPError?
    /// Why the last transaction failed that failed before its writer was closed: the writer's next call tells.
    var lateFailure: (transaction: Int, error: SMTPError)?
    var tokenCalls = TokenCalls()
    var patience = Patience()
    lazy var deadline = Deadline(eventLoop) { [unowned self] in deadlinePassed() }
    /// For the set-up as a whole, and for each transaction as a whole.
    lazy var wholeDeadline = Deadline(eventLoop) { [unowned self] in deadlinePassed() }

    /// How many transactions have begun here.
    var transactions = 0
    var setUp = SetUpTimes()

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
    var isReady: Bool { conversation.isReady }
    var isClosed: Bool { conversation.isClosed }
    /// Whether the session takes no more transactions.
    var isOver: Bool { conversation.isOver }
    /// Whether the session is being cleared up after a transaction that failed.
    var isResetting: Bool { conversation.isResetting }
    /// Whether nobody has been told yet that the session is set up, or that it could not be.
    var isBeingSetUp: Bool { connectCompletion != nil }
    /// Whether the envelope of the transaction under way waits for its content.
    var isDeferred: Bool { conversation.isDeferred }
    /// Whether the content of the transaction under way goes with BDAT.
    var isChunked: Bool { conversation.isChunked }

    /// Why a transaction takes no content.
    private func failure(of transaction: Int) -> SMTPError {
        if let lateFailure, lateFailure.transaction == transaction { return lateFailure.error }
        return closeError ?? Self.notOpen
    }

    // MARK: Calls

    /// Opens a transaction.
    ///
    /// - Parameters:
    ///   - mayDefer: whether the envelope may wait for the content where the server's extensions allow it. The completion is
    ///     then called at once, and ``isDeferred`` is true in it.
    ///   - patience: how long the server may take for the reply to MAIL; nil for as long as for any reply.
    func open(
        _ envelope: Envelope, mayDefer: Bool = false, patience: Duration? = nil, completion: @escaping OpenCompletion
    ) {
        if isResetting, postponed == nil {
            postponed = { [unowned self] in
                open(envelope, mayDefer: mayDefer, patience: patience, completion: completion)
            }
            return
        }
        guard case .none = caller, isReady else {
            completion(.failure(closeError ?? Self.busy))
            return
        }
        caller = .opening(completion)
        self.patience.mail = patience
        transactions += 1
        startWhole()
        do throws(SMTPError) {
            if mayDefer, conversation.mayDefer(envelope) {
                try conversation.openDeferred(envelope)
                if isDeferred { caller.takeOpening()?(.success(OpenedTransaction())) }
            } else {
                try conversation.open(envelope)
            }
        } catch {
            caller.takeOpening()?(.failure(error))
        }
        carryOut()
    }

    /// Hands content to the socket and calls back when there is room for more.
    func write(_ bytes: ByteBuffer, transaction: Int, completion: @escaping (Result<Void, SMTPError>) -> Void) {
        guard transaction == transactions, let context else {
            completion(.failure(failure(of: transaction)))
            return
        }
        do throws(SMTPError) {
            try conversation.writeContent(bytes)
        } catch {
            completion(.failure(failure(of: transaction)))
            return
        }
        carryOut()
        if isClosed {
            // The write itself found the connection broken: nobody would call a waiter any more.
            completion(.failure(failure(of: transaction)))
        } else if context.channel.isWritable {
            completion(.success(()))
        } else {
            writableWaiters.append(completion)
            patience.writes += 1
            updateDeadline()
        }
    }

    func finish(_ bytes: ByteBuffer, transaction: Int, completion: @escaping FinishCompletion) {
        guard transaction == transactions, conversation.takesContent else {
            completion(.failure(failure(of: transaction)))
            return
        }
        let next = owner?.sessionFinishes(identifier)
        caller = .finishing(completion, next: next?.completion)
        if let next { patience.mail = next.patience }
        do throws(SMTPError) {
            try conversation.finishContent(bytes, followedBy: next?.envelope)
        } catch {
            // The owner has ended the session, and settled the message behind this one.
            caller = .none
            completion(.failure(closeError ?? error))
        }
        carryOut()
    }

    /// Whether an envelope may go out behind the content that is about to be finished.
    func mayChain(_ envelope: Envelope) -> Bool {
        conversation.mayChain(envelope)
    }

    /// Takes the chained transaction back, before its turn has come: its completion is not called any more. The session ends
    /// after the message under way.
    func takeBackChained() {
        conversation.takeBackChained()
        if case .finishing(let completion, _) = caller { caller = .finishing(completion, next: nil) }
    }

    /// The task that wrote a message, or waited for its reply, was cancelled. Where that message is over already, the
    /// connection belongs to another one.
    func cancel(transaction: Int) {
        guard transaction == transactions, !isReady else { return }
        close("the task was cancelled", reason: .shutDown)
    }

    /// Gives up a message whose content is not complete.
    func abandon(transaction: Int) {
        guard transaction == transactions else { return }
        conversation.abandonContent()
        carryOut()
    }

    /// Asks a connection that rests whether the server is still there. The owner is told that it is ready, or closed.
    func probe(within timeout: Duration) {
        patience.probe = timeout
        conversation.probe()
        carryOut()
    }

    func quit(completion: @escaping () -> Void) {
        guard !isClosed else {
            completion()
            return
        }
        if isResetting, postponed == nil {
            postponed = { [unowned self] in quit(completion: completion) }
            return
        }
        quitCompletion = completion
        conversation.quit()
        carryOut()
    }

    /// Ends the session in good order, for a server that answers in that time.
    func quit(within timeout: Duration) {
        patience.probe = timeout
        quit {}
    }

    /// Nobody holds the session any more: it ends, in good order if it can.
    func drop() {
        if isReady || isResetting {
            quit {}
        } else if !isOver {
            close("the session was dropped", reason: .shutDown)
        }
    }

    /// A channel is going to be connected to one of the server's addresses.
    func addCandidate(_ channel: any Channel) throws {
        guard !isClosed else { throw ChannelError.ioOnClosedChannel }
        candidates.append(channel)
    }

    /// One of the candidates is connected: the conversation begins on it. Nothing has been read from it so far but a proxy's replies.
    func begin(on channel: any Channel) {
        candidates = []
        // The bound of the whole set-up may have passed while the connection was being made.
        guard !isClosed else {
            channel.close(promise: nil)
            return
        }
        guard channel.isActive else {
            close("the server ended the connection", reason: .connectionLost)
            return
        }
        do {
            let pipeline = channel.pipeline.syncOperations
            if let tls = configuration.security.context, configuration.security.mode == .implicit {
                try pipeline.addHandler(Self.tlsHandler(tls, host: configuration.host))
            }
            setUp.connected = .now()
            setUp.tlsBegan = setUp.connected
            if configuration.identifiesByAddress, let address = channel.localAddress,
                let literal = ClientDomain(literal: address)
            {
                conversation.identify(as: literal)
            }
            try pipeline.addHandler(self)
            try channel.syncOptions?.setOption(.autoRead, value: true)
            updateDeadline()
        } catch {
            conversation.tlsFailed(TLSDiagnosis(.handshake, "TLS could not be started: \(error)", advice: ""))
            carryOut()
            channel.close(promise: nil)
        }
    }

    func connectFailed(_ error: SMTPError) {
        conversation.fail(error)
        carryOut()
    }

    func close(_ detail: String, reason: SMTPError.Reason) {
        conversation.connectionClosed(detail, reason: reason)
        carryOut()
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        conversation.received(unwrapInboundIn(data))
        carryOut()
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
            setUp.tlsTook = .now() - setUp.tlsBegan
            takeTLSFacts(context)
            conversation.tlsEstablished(serverEndPoint: serverEndPoint())
            carryOut()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
        if let tls = TLSDiagnosis(
            error, certificate: certificate.map { TLSDiagnosis.Certificate($0) }, host: configuration.host, now: .now)
        {
            conversation.tlsFailed(tls)
            carryOut()
        } else if conversation.isInHandshake, error is NIOSSLError {
            close("the server ended the connection during the TLS handshake", reason: .connectionLost)
        } else {
            close(Self.cause(of: error), reason: .connectionLost)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        close("the server ended the connection", reason: .connectionLost)
        context.fireChannelInactive()
    }

    private static func cause(of error: any Error) -> String {
        switch error {
        case NIOSSLError.uncleanShutdown: "the server ended the connection"
        case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE:
            "the server reset the connection"
        default: "the connection broke: \(error)"
        }
    }

    private static let busy = SMTPError(
        .invalidUse, stage: .mail,
        detail: "a message is open on this session; close it before the next is opened")
    private static let notOpen = SMTPError(.invalidUse, stage: .content, detail: "no message is open on this session")
}

/// Takes a completion out of its place, so that it is called once.
func take<Completion>(_ place: inout Completion?) -> Completion? {
    let completion = place
    place = nil
    return completion
}
