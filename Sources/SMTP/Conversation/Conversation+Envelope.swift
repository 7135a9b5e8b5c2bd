import MailAddress
import NIOCore

/// The part of the conversation from MAIL to the server's readiness for the content (RFC 5321, section 3.3).
extension Conversation {
    /// The caller wants to send a message. Answered by `opened`, or by `failed`.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where the session is not ready. It says nothing of the transaction
    ///   under way.
    mutating func open(_ envelope: Envelope) throws(SMTPError) {
        guard try isPossible(envelope) else { return }
        let transaction = transaction(for: envelope)
        var group: [UInt8] = []
        appendEnvelope(transaction, to: &group)
        state = .envelope(transaction)
        act(.write(ByteBuffer(bytes: group)))
    }

    /// A transaction begins whose envelope waits for the content, and goes out with it. Answered by `failed` where that
    /// cannot be; otherwise ``isDeferred`` is true.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where the session is not ready.
    mutating func openDeferred(_ envelope: Envelope) throws(SMTPError) {
        guard try isPossible(envelope) else { return }
        state = .deferred(transaction(for: envelope, isChunked: true))
    }

    /// Whether a transaction may begin. If the server could not take the envelope, the caller is told.
    private mutating func isPossible(_ envelope: Envelope) throws(SMTPError) -> Bool {
        guard isReady else { throw SMTPError(.invalidUse, stage: .mail, detail: notReady) }
        guard let refusal = localRefusal(of: envelope) else { return true }
        act(.failed(refusal))
        return false
    }

    private var notReady: String {
        if isOver { return "the session has ended; connect a new one" }
        return state.isSettingUp
            ? "the session is not set up yet"
            : "a message is open on this session; close it before the next is opened"
    }

    /// What can be refused before anything is sent.
    func localRefusal(of envelope: Envelope) -> SMTPError? {
        if let size = envelope.size, let limit = capabilities.size, limit > 0, size > limit {
            return SMTPError(
                .messageTooLarge, stage: .mail,
                detail: "the message has \(size) octets and the server takes \(limit) at most; make it smaller")
        }
        if envelope.needsSMTPUTF8, !capabilities.smtpUTF8 {
            return SMTPError(
                .unsupported, stage: .mail,
                detail: "an address or a header field is not ASCII and the server does not offer SMTPUTF8")
        }
        if let problem = envelope.extensions?.problem(
            with: capabilities, isVerified: isSecure && settings.verifiesCertificate)
        {
            return SMTPError(.unsupported, stage: .mail, detail: problem)
        }
        if !envelope.maySplit, capabilities.named(of: envelope.recipients) < envelope.recipients.count {
            return SMTPError(
                .unsupported, stage: .rcpt,
                detail: "the server takes fewer recipients in a transaction than these \(envelope.recipients.count); "
                    + "send the message in several transactions")
        }
        return nil
    }

    /// Whether the envelope may wait for the content: the whole message then goes out in one group (RFC 3030,
    /// section 4.2). Not where the policy could forbid the message after it has been sent.
    func mayDefer(_ envelope: Envelope) -> Bool {
        capabilities.chunking && capabilities.pipelining
            && (envelope.recipientPolicy == .any || envelope.recipients.count == 1)
    }

    /// The transaction for an envelope on this session.
    func transaction(for envelope: Envelope, isChunked: Bool = false) -> Transaction {
        Transaction(
            envelope, named: capabilities.named(of: envelope.recipients),
            isChunked: isChunked || envelope.extensions?.body == .binaryMIME)
    }

    /// Whether an envelope may go out behind the content of the message under way. The server must take commands in
    /// groups, of which content may be the first (RFC 2920, section 3.1).
    func mayChain(_ envelope: Envelope) -> Bool {
        takesContent && capabilities.pipelining && localRefusal(of: envelope) == nil
    }

    /// Adds as much of an envelope to a group as may be sent before the first reply.
    mutating func appendEnvelope(_ transaction: borrowing Transaction, to group: inout [UInt8]) {
        let envelope = transaction.envelope
        // Room for commands of a common length, without parameters.
        group.reserveCapacity(group.count + 64 + 48 * envelope.recipients.count)
        var parameters = MailParameters()
        if capabilities.size != nil { parameters.size = envelope.size }
        parameters.smtpUTF8 = envelope.needsSMTPUTF8
        parameters.extensions = envelope.extensions?.offered(by: capabilities)
        append(.mail(envelope.reversePath, parameters), to: &group, expecting: .mail)
        if capabilities.pipelining {
            for recipient in envelope.recipients.prefix(transaction.named) {
                append(envelope.rcpt(recipient), to: &group, expecting: .rcpt)
            }
            if !transaction.isChunked, transaction.dataMayBePipelined {
                append(.data, to: &group, expecting: .data)
            }
        }
    }

    // MARK: Replies

    /// Takes a reply to MAIL or RCPT. 421 ends the session wherever it comes (RFC 5321, section 3.8).
    mutating func takeEnvelopeReply(_ reply: Reply, to command: DueReply) {
        if reply.isPositiveIntermediate {
            fail(unexpected(reply, at: command.stage))
        } else if reply.code == 421 {
            fail(.refused(reply, at: command.stage, rejected: state.rejected))
        } else {
            let step = state.takeEnvelopeReply(
                reply, to: command, isLast: due.isEmpty, isOneByOne: !capabilities.pipelining)
            follow(step, reply, at: command.stage)
        }
    }

    mutating func takeData(_ reply: Reply) {
        if reply.isPositiveCompletion {
            fail(unexpected(reply, at: .data))
        } else if reply.code == 421 {
            fail(.refused(reply, at: .data, rejected: state.rejected))
        } else {
            follow(state.takeDataReply(reply), reply, at: .data)
        }
    }

    private mutating func follow(_ step: ConversationState.EnvelopeStep, _ reply: Reply, at stage: SMTPStage) {
        switch step {
        case .wait: break
        case .name(let recipient, let envelope): send(envelope.rcpt(recipient), expecting: .rcpt)
        case .data: send(.data, expecting: .data)
        case .takeContent(let opened): act(.opened(opened))
        case .endEmptyContent: send(.emptyData, expecting: .emptyContent)
        case .endSession:
            fail(protocolViolation("the server waits for the content of a message that it refused", at: .data))
        case .refuse(let failure):
            act(.refused(failure))
            if due.isEmpty { clearUp() }
        case .clearUp: clearUp()
        case .misplaced: fail(unexpected(reply, at: stage))
        }
    }

    /// Makes the session ready for the next transaction, after one that failed and whose envelope has been answered.
    mutating func clearUp() {
        if state.needsReset {
            send(.rset, expecting: .rset)
        } else {
            becomeReady()
        }
    }

    /// Takes the reply to the dot that ended content which the server should not have asked for. Whatever it says: the refusals
    /// before it have decided.
    mutating func takeEmptyContent(_ reply: Reply) {
        if isResetting {
            clearUp()
        } else {
            fail(unexpected(reply, at: .data))
        }
    }

    mutating func takeReset(_ reply: Reply) {
        if isResetting, reply.isPositiveCompletion {
            becomeReady()
        } else {
            fail(
                reply.isPositiveCompletion || reply.isPositiveIntermediate
                    ? unexpected(reply, at: .mail) : .refused(reply, at: .mail))
        }
    }
}

extension Capabilities {
    /// How many of the recipients, counted from the first, can be named in one transaction (RFC 9422, section 3).
    func named(of recipients: [AddrSpec]) -> Int {
        var count = min(recipients.count, limits.recipientMaximum ?? .max)
        guard let maximum = limits.recipientDomainMaximum else { return count }
        var domains = Set<String>()
        for (index, recipient) in recipients.prefix(count).enumerated() {
            domains.insert(recipient.domain.lowercased())
            if domains.count > maximum {
                count = index
                break
            }
        }
        return count
    }
}

extension Envelope {
    /// The command that names a recipient.
    fileprivate func rcpt(_ recipient: AddrSpec) -> Command {
        .rcpt(recipient, extensions?.notification.map { RecipientParameters(notification: $0, recipient: recipient) })
    }
}
