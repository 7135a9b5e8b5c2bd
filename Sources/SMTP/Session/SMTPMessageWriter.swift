public import MailAddress
internal import NIOCore

/// Takes the text of an open message, like the port that the seed's `open` returns.
///
/// The text may come in any number of pieces: lone LF and CR become CRLF, and leading dots are doubled
/// (RFC 5321, section 4.5.2). `close` ends the message and returns the server's reply; a closed writer cannot be used.
/// A writer that goes away without `close` gives the message up: nothing is delivered, and the session ends, for the
/// protocol has no other way.
public struct SMTPMessageWriter: ~Copyable, Sendable {
    /// The recipients that the server accepted; with a deferred envelope, those that it is going to be told.
    public var accepted: [AddrSpec] { opened.accepted(of: envelope) }
    /// Whether the server takes octets above 127 (RFC 6152).
    public var takesEightBit: Bool {
        get async { await session.capabilities.eightBitMIME }
    }
    /// The recipients that the server refused, each with its reply.
    public var rejected: [RejectedRecipient] { opened.rejected }
    /// The recipients that need a further transaction, if the envelope may be split.
    public var remaining: [AddrSpec] { opened.remaining }

    /// How long the message waited for a session of its pool; zero outside a pool.
    public let waited: Duration

    private let envelope: Envelope
    private let session: SMTPSession
    private let transaction: Int
    private let opened: OpenedTransaction
    private var stuffer: DotStuffer
    /// Whether octets go out as they are.
    private let isBinary: Bool
    private var pending = ByteBuffer()
    private var header: HeaderSupplement?
    private var isClosed = false

    /// Octets that are gathered before they go to the socket: small messages go out in one write, large ones in pieces
    /// of this size, and wait while the server is slow.
    static let pieceSize = 256 * 1024

    init(
        _ session: SMTPSession, _ opened: SMTPSession.Opened, _ envelope: Envelope, generatesFields: Bool,
        waited: Duration = .zero
    ) {
        self.waited = waited
        self.session = session
        self.envelope = envelope
        transaction = opened.transaction
        self.opened = opened.recipients
        stuffer = DotStuffer(isChunked: opened.isChunked)
        isBinary = envelope.extensions?.body == .binaryMIME
        header = generatesFields ? HeaderSupplement(from: envelope.reversePath) : nil
    }

    deinit {
        if !isClosed {
            session.onEventLoop { [transaction] in $0.abandon(transaction: transaction) }
        }
    }

    /// Writes text.
    ///
    /// - Throws: ``SMTPError`` where the connection is lost or the server gives up early.
    public mutating func write(_ text: String) async throws(SMTPError) {
        try await write(Array(text.utf8))
    }

    /// Writes octets.
    ///
    /// - Throws: ``SMTPError`` where the connection is lost or the server gives up early.
    public mutating func write(_ bytes: [UInt8]) async throws(SMTPError) {
        if header != nil {
            guard let text = header?.take(bytes) else { return }
            header = nil
            try await stuff(text)
        } else {
            try await stuff(bytes)
        }
    }

    private mutating func stuff(_ bytes: [UInt8]) async throws(SMTPError) {
        var start = 0
        if pending.writableBytes < bytes.count { pending.reserveCapacity(min(bytes.count + 512, Self.pieceSize * 2)) }
        while start < bytes.count {
            let end = min(start + Self.pieceSize, bytes.count)
            if isBinary {
                pending.writeBytes(bytes[start..<end])
            } else {
                stuffer.write(bytes, in: start..<end, into: &pending)
            }
            start = end
            if pending.readableBytes >= Self.pieceSize { try await flush() }
        }
    }

    private mutating func flush() async throws(SMTPError) {
        let piece = pending
        pending = ByteBuffer()
        let transaction = transaction
        let _: Void = try await session.perform(transaction: transaction) { connection, completion in
            connection.write(piece, transaction: transaction, completion: completion)
        }
    }

    /// Ends the message.
    ///
    /// - Returns: the reply with which the server took responsibility for the message.
    /// - Throws: ``SMTPError`` where the server refuses the message, or where the connection is lost; its `outcome`
    ///   says whether the message may have been taken.
    public consuming func close() async throws(SMTPError) -> Reply {
        try await finish().reply
    }

    /// Ends the message, as ``close()`` does, and tells what became of each recipient too.
    public consuming func finish() async throws(SMTPError) -> SMTPReceipt {
        if let text = header?.finish() {
            header = nil
            try await stuff(text)
        }
        isClosed = true
        if !isBinary { stuffer.finish(into: &pending) }
        let last = pending
        let transaction = transaction
        let finished: FinishedTransaction = try await session.perform(transaction: transaction) {
            connection, completion in
            connection.finish(last, transaction: transaction, completion: completion)
        }
        return SMTPReceipt(finished, envelope)
    }
}
