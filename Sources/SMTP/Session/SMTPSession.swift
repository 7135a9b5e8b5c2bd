internal import Foundation
internal import MailAddress
public import NIOCore
internal import NIOPosix
internal import NIOSSL

/// A session with an SMTP server (RFC 5321).
///
/// ```swift
/// let session = try await SMTPSession.connect(to: "smtp.example.net", identifyingAs: "client.example.org")
/// var message = try await session.open(from: "me@example.org", to: "you@example.net", "they@example.net")
/// try await message.write("Subject: How are you?\r\n\r\nSo, how are you then?\r\n")
/// let reply = try await message.close()
/// try await session.disconnect()
/// ```
///
/// One message is open at a time. A session that is dropped without `disconnect` closes its connection. Cancelling a
/// task that waits here ends the session, for the server's answer would belong to nobody.
public final class SMTPSession: Sendable {
    /// The event loop that the session lives on. A task that runs there saves the way to it.
    public let eventLoop: any EventLoop
    private let bound: NIOLoopBound<Connection>

    init(_ connection: Connection, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        bound = NIOLoopBound(connection, eventLoop: eventLoop)
    }

    deinit {
        let bound = bound
        eventLoop.execute { bound.value.drop() }
    }

    /// The connection. For use on the event loop only.
    var connection: Connection { bound.value }

    // MARK: Connecting

    /// Connects, reads the greeting and introduces the client, in clear text.
    ///
    /// - Parameters:
    ///   - host: the server's name or address.
    ///   - port: the server's port.
    ///   - domain: the name for EHLO: the client's domain, or its address in brackets.
    ///   - transcript: where the protocol is written down.
    /// - Throws: ``SMTPError`` where the server cannot be reached, refuses, or does not speak SMTP.
    public static func connect(
        to host: String, port: Int = 25, identifyingAs domain: String, transcript: SMTPTranscript? = nil
    ) async throws(SMTPError) -> SMTPSession {
        guard let identity = ClientDomain(domain) else {
            throw SMTPError(
                .invalidUse, stage: .ehlo,
                detail: "\(domain.debugDescription) cannot be sent in EHLO; use a domain or an address in brackets")
        }
        var configuration = SMTPConfiguration(host: host, port: port, identity: identity)
        configuration.transcript = transcript
        return try await connect(configuration)
    }

    /// Connects and sets up a session: greeting, EHLO, TLS and AUTH as configured.
    ///
    /// A cancelled task gives the attempt up at once, however far it has come.
    ///
    /// - Throws: ``SMTPError`` with the stage that failed.
    public static func connect(
        _ configuration: SMTPConfiguration, on eventLoop: (any EventLoop)? = nil
    ) async throws(SMTPError) -> SMTPSession {
        let eventLoop = eventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
        let attempt = NIOLoopBoundBox.makeBoxSendingValue(Attempt.toBegin, eventLoop: eventLoop)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<SMTPSession, SMTPError>, Never>) in
                eventLoop.execute {
                    if case .cancelled = attempt.value {
                        continuation.resume(returning: .failure(cancelled))
                    } else {
                        attempt.value = .begun(
                            establish(configuration, on: eventLoop) { continuation.resume(returning: $0) })
                    }
                }
            }
        } onCancel: {
            eventLoop.execute {
                if case .begun(let connection) = attempt.value {
                    connection.close(cancelled.detail, reason: cancelled.reason)
                }
                attempt.value = .cancelled
            }
        }
        let session = try result.get()
        if Task.isCancelled {
            try? await session.disconnect()
            throw cancelled
        }
        return session
    }

    /// How far a call of ``connect(_:on:)`` has come. The cancellation of its task may come before it has begun.
    private enum Attempt {
        case toBegin
        case begun(Connection)
        case cancelled
    }

    private static let cancelled = SMTPError(.shutDown, stage: .connect, detail: "the task was cancelled")

    /// The same with a callback, on the event loop.
    ///
    /// - Returns: the connection that is being set up. Whoever closes it ends the attempt.
    static func establish(
        _ configuration: SMTPConfiguration, on eventLoop: any EventLoop,
        completion: @escaping (Result<SMTPSession, SMTPError>) -> Void
    ) -> Connection {
        // The session is held by its own completion until it is handed over.
        var session: SMTPSession?
        let connection = Connection(configuration, eventLoop: eventLoop) { result in
            if let session { completion(result.map { session }) }
            session = nil
        }
        let established = SMTPSession(connection, eventLoop: eventLoop)
        session = established
        connection.startWhole()
        let bound = established.bound
        bootstrap(configuration, on: eventLoop)
            // Called for each address of the host; several may be under way at once (RFC 8305).
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.addCandidate(channel) }
            }
            .connect(
                host: configuration.proxy?.host ?? configuration.host,
                port: configuration.proxy?.port ?? configuration.port
            )
            .flatMap { opened($0, configuration) }
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let (channel, received)):
                    bound.value.begin(on: channel)
                    if received.readableBytes > 0 { channel.pipeline.syncOperations.fireChannelRead(NIOAny(received)) }
                case .failure(let error as SMTPError): bound.value.connectFailed(error)
                case .failure(let error): bound.value.connectFailed(noConnection(configuration, error))
                }
            }
        return connection
    }

    /// A channel that is connected to the server, through the proxy if there is one, and what it has received already.
    private static func opened(
        _ channel: any Channel, _ configuration: SMTPConfiguration
    ) -> EventLoopFuture<(any Channel, ByteBuffer)> {
        guard let proxy = configuration.proxy else {
            return channel.eventLoop.makeSucceededFuture((channel, ByteBuffer()))
        }
        guard configuration.host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return channel.eventLoop.makeFailedFuture(
                SMTPError(.invalidUse, stage: .connect, detail: "the server's name has a space or a control character"))
        }
        let opened = channel.eventLoop.makePromise(of: ByteBuffer.self)
        let handshake = ProxyHandshake(proxy, host: configuration.host, port: configuration.port)
        do {
            try channel.pipeline.syncOperations.addHandler(
                ProxyHandler(handshake, timeout: configuration.timeouts.connect, completion: opened))
        } catch {
            opened.fail(error)
        }
        return opened.futureResult.map { (channel, $0) }
    }

    private static func bootstrap(_ configuration: SMTPConfiguration, on eventLoop: any EventLoop) -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.timeouts.connect))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            // What the server says first is read when it is known which of its addresses is used.
            .channelOption(.autoRead, value: false)
            .resolver(configuration.resolver?(eventLoop))
        // An address of the other family cannot be connected from it, and fails at once.
        return source(of: configuration).map { bootstrap.bind(to: $0) } ?? bootstrap
    }

    private static func source(of configuration: SMTPConfiguration) -> SocketAddress? {
        configuration.sourceAddress.flatMap { try? SocketAddress(ipAddress: $0, port: 0) }
    }

    private static func noConnection(_ configuration: SMTPConfiguration, _ error: any Error) -> SMTPError {
        var error = error
        if let source = source(of: configuration), let failed = error as? NIOConnectionError,
            !failed.connectionErrors.isEmpty
        {
            // What the addresses of the other family ran into says nothing.
            guard let own = failed.connectionErrors.first(where: { $0.target.protocol == source.protocol }) else {
                return SMTPError(
                    .unreachable, stage: .connect,
                    detail: "no connection to \(target(configuration)): it has no address of the family of "
                        + "\(configuration.sourceAddress ?? "")")
            }
            error = own.error
        }
        let timedOut = if case ChannelError.connectTimeout? = error as? ChannelError { true } else { false }
        return SMTPError(
            timedOut ? .timedOut : .unreachable, stage: .connect,
            detail: "no connection to \(target(configuration)): \(cause(of: error))")
    }

    /// What a connection is made to.
    private static func target(_ configuration: SMTPConfiguration) -> String {
        configuration.proxy.map { "the proxy \($0)" } ?? HostAndPort.text(configuration.host, configuration.port)
    }

    private static func cause(of error: any Error) -> String {
        switch error {
        case ChannelError.connectTimeout: "it did not answer in time"
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { cause(of: $0.error) } ?? "the name could not be resolved"
        case let error as IOError:
            switch error.errnoCode {
            case ECONNREFUSED: "it refused the connection"
            case EHOSTUNREACH, ENETUNREACH: "there is no route to it"
            case ETIMEDOUT: "it did not answer in time"
            case EADDRNOTAVAIL: "the source address is no address of this host"
            default: String(describing: error)
            }
        default: String(describing: error)
        }
    }

    // MARK: The session

    /// What the server offers.
    public var capabilities: Capabilities {
        get async { await read { $0.capabilities } }
    }

    /// Whether the session is protected by TLS.
    public var isSecure: Bool {
        get async { await read { $0.isSecure } }
    }

    /// What was agreed on in the TLS handshake, or nil if the session is not protected by TLS.
    public var tls: SMTPTLSFacts? {
        get async { await read { $0.tlsFacts } }
    }

    /// The mechanism that the session was authenticated with, or nil if there were no credentials.
    public var authenticationMechanism: AuthenticationMechanism? {
        get async { await read { $0.conversation.mechanism } }
    }

    /// Opens a message: the server is told the envelope.
    ///
    /// - Parameters:
    ///   - reversePath: who is told of failures; empty for the null reverse-path.
    ///   - recipients: whom the message goes to, one at least.
    /// - Returns: the writer that takes the text. The recipients that were refused beside others are in its `rejected`.
    /// - Throws: ``SMTPError`` where the server refuses the sender or every recipient, or a message is open already.
    public func open(from reversePath: String, to recipients: String...) async throws(SMTPError) -> SMTPMessageWriter {
        try await open(from: reversePath, to: recipients)
    }

    /// Opens a message for a list of recipients.
    public func open(from reversePath: String, to recipients: [String]) async throws(SMTPError) -> SMTPMessageWriter {
        try await open(Envelope(from: reversePath, to: recipients))
    }

    /// Opens a message for an envelope.
    ///
    /// - Parameters:
    ///   - envelope: who it is from and whom it goes to.
    ///   - generatesFields: whether `From:` and `Date:` are supplied where the text does not bring its own.
    ///   - mayDefer: whether the envelope may wait for the content where the server offers CHUNKING and PIPELINING: a
    ///     message of up to 256 KiB then costs one write and one round trip (RFC 3030, section 4.2). Whoever is refused
    ///     is known when the message is finished, and a connection lost on the way leaves an unknown outcome, for all of
    ///     the message had gone out.
    public func open(
        _ envelope: Envelope, generatesFields: Bool = true, mayDefer: Bool = false
    ) async throws(SMTPError) -> SMTPMessageWriter {
        let opened: Opened = try await perform { connection, completion in
            connection.open(envelope, mayDefer: mayDefer) { result in
                completion(result.map { Opened(connection, $0) })
            }
        }
        return SMTPMessageWriter(self, opened, envelope, generatesFields: generatesFields)
    }

    /// Ends the session with QUIT and closes the connection.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` while a message is open; the session goes on then.
    public func disconnect() async throws(SMTPError) {
        let _: Void = try await perform { connection, completion in
            guard connection.isReady || connection.isResetting || connection.isOver else {
                completion(
                    .failure(
                        SMTPError(
                            .invalidUse, stage: .quit, detail: "a message is open on this session; close it first")))
                return
            }
            connection.quit { completion(.success(())) }
        }
    }

    // MARK: To the event loop and back

    /// What the server's readiness for content brings.
    struct Opened: Sendable {
        let transaction: Int
        let recipients: OpenedTransaction
        let isChunked: Bool

        init(_ connection: Connection, _ recipients: OpenedTransaction) {
            transaction = connection.transactions
            self.recipients = recipients
            isChunked = connection.isChunked
        }
    }

    /// Does something on the event loop and waits for it.
    ///
    /// - Parameter transaction: the transaction that it belongs to, or nil if it is the session's. A cancelled task ends
    ///   the session only as long as that transaction goes on.
    func perform<Value: Sendable>(
        transaction: Int? = nil,
        _ operation: @escaping @Sendable (Connection, @escaping (Result<Value, SMTPError>) -> Void) -> Void
    ) async throws(SMTPError) -> Value {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, SMTPError>, Never>) in
                onEventLoop { connection in
                    operation(connection) { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            onEventLoop { connection in
                if let transaction {
                    connection.cancel(transaction: transaction)
                } else {
                    connection.close("the task was cancelled", reason: .shutDown)
                }
            }
        }
        return try result.get()
    }

    private func read<Value: Sendable>(_ value: @escaping @Sendable (Connection) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            onEventLoop { continuation.resume(returning: value($0)) }
        }
    }

    func onEventLoop(_ work: @escaping @Sendable (Connection) -> Void) {
        if eventLoop.inEventLoop {
            work(bound.value)
        } else {
            eventLoop.execute { work(self.bound.value) }
        }
    }
}
