import NIOCore

/// The part of the conversation that carries the content and takes the replies to it (RFC 5321, section 4.1.1.4;
/// RFC 3030).
extension Conversation {
    /// Content, ready for the wire: dots doubled where it follows DATA, as it is where it goes with BDAT.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where no message takes content. It says nothing of the transaction
    ///   under way.
    mutating func writeContent(_ bytes: ByteBuffer) throws(SMTPError) {
        guard takesContent else { throw Self.notOpen }
        guard isChunked else {
            recordContent(bytes)
            act(.write(bytes))
            return
        }
        var commands: [UInt8] = []
        if isDeferred, let transaction = state.takeOpen() {
            appendEnvelope(transaction, to: &commands)
            state = .content(transaction)
        }
        append(.chunk(size: bytes.readableBytes, isLast: false), to: &commands, expecting: .chunk)
        recordContent(bytes)
        act(.write(Self.group(commands, bytes)))
    }

    /// The last of the content, the final dot included where it follows DATA. Answered by `finished` or `failed`.
    ///
    /// - Parameter next: an envelope to send in the same write, for which ``mayChain(_:)`` is true. Its transaction begins
    ///   with the reply to this content, and is answered like any other.
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where no message takes content. It says nothing of the transaction
    ///   under way.
    mutating func finishContent(_ bytes: ByteBuffer, followedBy next: Envelope? = nil) throws(SMTPError) {
        let isDeferred = isDeferred
        guard let transaction = state.takeOpen() else { throw Self.notOpen }
        let isChunked = transaction.isChunked
        var group: ByteBuffer
        if isChunked {
            var commands: [UInt8] = []
            if isDeferred { appendEnvelope(transaction, to: &commands) }
            append(.chunk(size: bytes.readableBytes, isLast: true), to: &commands, expecting: .content)
            group = Self.group(commands, bytes)
        } else {
            group = bytes
            progress += 1
            due.append(.content)
        }
        recordContent(bytes)
        if let next {
            // What follows a BDAT that failed is undefined until RSET (RFC 3030, section 2).
            var commands: [UInt8] = []
            if isChunked { append(.rset, to: &commands, expecting: .separator) }
            let chained = self.transaction(for: next)
            appendEnvelope(chained, to: &commands)
            group.writeBytes(commands)
            state = .finalReply(FinalReply(transaction, next: .sent(chained)))
        } else {
            state = .finalReply(FinalReply(transaction, next: .none))
        }
        act(.write(group))
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
    /// there is no command for that, and the session ends. A message that is over already is answered, or will be.
    mutating func abandonContent() {
        let abandoned = SMTPError(
            .shutDown, stage: .content, detail: "the message was given up before its content was complete")
        switch state.abandonContent() {
        case .forget: act(.failed(abandoned))
        case .reset: reset(after: abandoned)
        case .endSession: connectionClosed(abandoned.detail, reason: .shutDown)
        case .leave: break
        }
    }

    // MARK: Replies

    mutating func takeChunk(_ reply: Reply) {
        if reply.isPositiveIntermediate {
            fail(unexpected(reply, at: .content))
        } else if reply.code == 421 {
            fail(state.refusal ?? .refused(reply, at: .content, rejected: state.rejected))
        } else {
            switch state.takeChunkReply(reply) {
            case .goOn: break
            case .refuse(let failure): reset(after: failure)
            case .misplaced: fail(unexpected(reply, at: .content))
            }
        }
    }

    mutating func takeFinal(_ reply: Reply) {
        guard !reply.isPositiveIntermediate else {
            fail(unexpected(reply, at: .content))
            return
        }
        let nextIsTakenBack = state.nextIsTakenBack
        switch state.takeFinalReply(reply) {
        case .finish(let finished): act(.finished(finished))
        case .fail(let failure): act(.failed(failure))
        case .refuse(let failure): reset(after: failure)
        case .endSession(let failure): fail(failure)
        case .misplaced: fail(unexpected(reply, at: .content))
        }
        if nextIsTakenBack, isReady {
            // The server has its envelope, and must not get another one behind that.
            connectionClosed("the next message was taken back", reason: .shutDown)
        }
    }

    /// Takes the reply to the RSET between a message and the envelope behind it. There is nothing to refuse.
    mutating func takeSeparator(_ reply: Reply) {
        if !reply.isPositiveCompletion { fail(unexpected(reply, at: .mail)) }
    }

    /// Tells the caller why the transaction failed, and ends it while the session goes on.
    private mutating func reset(after failure: SMTPError) {
        act(.refused(failure))
        clearUp()
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

    private static let notOpen = SMTPError(.invalidUse, stage: .content, detail: "no message is open on this session")
}
