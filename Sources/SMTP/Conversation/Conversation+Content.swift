import NIOCore

/// The part of the conversation that carries the content and takes the replies to it (RFC 5321, section 4.1.1.4;
/// RFC 3030).
extension Conversation {
    /// A transaction begins whose envelope waits for the content, and goes out with it. Answered by `failed` where that
    /// cannot be; otherwise ``phase`` is `deferred`.
    mutating func openDeferred(_ envelope: Envelope) {
        if let refusal = localRefusal(of: envelope) {
            act(.failed(refusal))
            return
        }
        transaction = transaction(for: envelope, isChunked: true)
        move(to: .deferred)
    }

    /// Content, ready for the wire: dots doubled where it follows DATA, as it is where it goes with BDAT.
    mutating func writeContent(_ bytes: ByteBuffer) {
        guard phase == .content || phase == .deferred, let isChunked = transaction?.isChunked else { return }
        guard isChunked else {
            recordContent(bytes)
            act(.write(bytes))
            return
        }
        var commands: [UInt8] = []
        appendDeferredEnvelope(to: &commands)
        move(to: .content)
        append(.chunk(size: bytes.readableBytes, isLast: false), to: &commands, expecting: .chunk)
        recordContent(bytes)
        act(.write(Self.group(commands, bytes)))
    }

    /// The last of the content, the final dot included where it follows DATA. Answered by `finished` or `failed`.
    ///
    /// - Parameter next: an envelope to send in the same write, for which ``mayChain(_:)`` is true. Its transaction begins
    ///   with the reply to this content, and is answered like any other.
    mutating func finishContent(_ bytes: ByteBuffer, followedBy next: Envelope? = nil) {
        guard phase == .content || phase == .deferred, let isChunked = transaction?.isChunked else { return }
        var group: ByteBuffer
        if isChunked {
            var commands: [UInt8] = []
            appendDeferredEnvelope(to: &commands)
            append(.chunk(size: bytes.readableBytes, isLast: true), to: &commands, expecting: .content)
            group = Self.group(commands, bytes)
        } else {
            group = bytes
            progress += 1
            due.append(.content)
        }
        recordContent(bytes)
        phase = .finalReply
        if let next {
            // What follows a BDAT that failed is undefined until RSET (RFC 3030, section 2).
            var commands: [UInt8] = []
            if isChunked { append(.rset, to: &commands, expecting: .separator) }
            chained = appendEnvelope(self.transaction(for: next), to: &commands)
            group.writeBytes(commands)
        }
        act(.write(group))
    }

    /// Adds the envelope that has waited for the content, if there is one.
    private mutating func appendDeferredEnvelope(to commands: inout [UInt8]) {
        guard phase == .deferred, let transaction = transaction.take() else { return }
        self.transaction = appendEnvelope(transaction, to: &commands)
    }

    /// Commands and the content behind them.
    private static func group(_ commands: [UInt8], _ content: ByteBuffer) -> ByteBuffer {
        var group = ByteBuffer()
        group.reserveCapacity(commands.count + content.readableBytes)
        group.writeBytes(commands)
        group.writeImmutableBuffer(content)
        return group
    }

    /// The caller gives the message up before its content is complete. With BDAT the transaction is reset; behind DATA
    /// there is no command for that, and the session ends.
    mutating func abandonContent() {
        let abandoned = SMTPError(
            .shutDown, stage: .content, detail: "the message was given up before its content was complete")
        switch phase {
        case .deferred:
            transaction = nil
            move(to: .ready)
            act(.failed(abandoned))
        case .content where transaction?.isChunked == true: reset(after: abandoned)
        case .content: connectionClosed(abandoned.detail, reason: .shutDown)
        default: return
        }
    }

    mutating func takeContentReply(_ reply: Reply, to expected: DueReply) {
        switch expected {
        case .chunk: takeChunk(reply)
        // Whatever it says: the refusals before it have decided.
        case .emptyContent: clearUp()
        case .separator:
            if !reply.isPositiveCompletion { fail(unexpected(reply, at: .mail)) }
        default: takeFinal(reply)
        }
    }

    private mutating func takeChunk(_ reply: Reply) {
        guard let transaction else { return }
        if reply.isPositiveIntermediate {
            fail(unexpected(reply, at: .content))
        } else if reply.code == 421 {
            fail(transaction.refusal ?? .refused(reply, at: .content, rejected: transaction.rejected))
        } else if !reply.isPositiveCompletion, transaction.failure == nil {
            let failure = transaction.refusal ?? .refused(reply, at: .content, rejected: transaction.rejected)
            self.transaction?.failure = failure
            // No further chunk is sent. If the last is under way, its reply is waited for.
            if phase == .content { reset(after: failure) }
        }
    }

    private mutating func takeFinal(_ reply: Reply) {
        guard !reply.isPositiveIntermediate else {
            fail(unexpected(reply, at: .content))
            return
        }
        if reply.isPositiveCompletion, let transaction, !transaction.isChunked || !transaction.hasFailed {
            let opened = transaction.opened
            goOnToChained()
            act(.finished(FinishedTransaction(reply: reply, opened: opened)))
        } else if let finished = transaction {
            let earlier = finished.isChunked ? finished.failure ?? finished.refusal : nil
            let refusal =
                reply.isPositiveCompletion
                ? contradiction(finished) : earlier ?? .refused(reply, at: .content, rejected: finished.rejected)
            if reply.code == 421 {
                transaction?.failure = refusal
                fail(refusal)
            } else if finished.isChunked, chained == nil {
                reset(after: refusal)
            } else {
                goOnToChained()
                act(.failed(refusal))
            }
        }
        if phase == .envelope, chainedIsTakenBack {
            connectionClosed("the next message was taken back", reason: .shutDown)
        }
    }

    /// A server that refused a chunk, or everybody, and took the end of the message: it may have taken something.
    private func contradiction(_ transaction: Transaction) -> SMTPError {
        SMTPError(
            .protocolViolation, stage: .content, outcome: .unknown,
            detail: "the server took the end of a message of which it had refused a part before",
            rejected: transaction.rejected)
    }

    /// The transaction whose envelope has gone out already becomes the one under way.
    private mutating func goOnToChained() {
        transaction = chained.take()
        move(to: transaction == nil ? .ready : .envelope)
    }

    private mutating func recordContent(_ bytes: ByteBuffer) {
        guard settings.keepsTranscript else { return }
        guard settings.recordsContent else {
            act(.transcript("C: [\(bytes.readableBytes) octets of content]"))
            return
        }
        // A piece of a long content may end within a line: what there is of it is shown as one.
        var lines = String(buffer: bytes).split(separator: "\r\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for line in lines { act(.transcript("C: " + line)) }
    }
}
