import MailAddress
import NIOCore

/// The part of the conversation from MAIL to the server's readiness for the content (RFC 5321, section 3.3).
extension Conversation {
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
        (phase == .content || phase == .deferred) && capabilities.pipelining && localRefusal(of: envelope) == nil
    }

    mutating func begin(_ envelope: Envelope) {
        var group: [UInt8] = []
        transaction = appendEnvelope(transaction(for: envelope), to: &group)
        move(to: .envelope)
        act(.write(ByteBuffer(bytes: group)))
    }

    /// Adds as much of an envelope to a group as may be sent before the first reply.
    mutating func appendEnvelope(_ transaction: consuming Transaction, to group: inout [UInt8]) -> Transaction {
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
                transaction.dataSent = true
            }
        }
        return transaction
    }

    mutating func takeEnvelopeReply(_ reply: Reply, to expected: DueReply) {
        switch expected {
        case .mail: takeMail(reply)
        case .rcpt: takeRcpt(reply)
        case .data: takeData(reply)
        default: takeReset(reply)
        }
    }

    private mutating func takeMail(_ reply: Reply) {
        guard isWellPlaced(reply, at: .mail) else { return }
        if !reply.isPositiveCompletion { transaction?.mailRefusal = reply }
        tellRefusal()
        continueEnvelope()
    }

    private mutating func takeRcpt(_ reply: Reply) {
        guard isWellPlaced(reply, at: .rcpt) else { return }
        if let recipient = transaction?.next {
            if !reply.isPositiveCompletion {
                transaction?.rejected.append(RejectedRecipient(address: recipient, reply: reply))
            }
            transaction?.answered += 1
        }
        tellRefusal()
        continueEnvelope()
    }

    /// Whether the reply is a completion, good or bad. 421 ends the session wherever it comes (RFC 5321, section 3.8).
    private mutating func isWellPlaced(_ reply: Reply, at stage: SMTPStage) -> Bool {
        if reply.isPositiveIntermediate {
            fail(unexpected(reply, at: stage))
        } else if reply.code == 421 {
            fail(.refused(reply, at: stage, rejected: transaction?.rejected ?? []))
        } else {
            return true
        }
        return false
    }

    /// Tells the caller of a refusal as soon as it is final: whatever the connection does afterwards changes nothing. The
    /// replies that are still due are waited for before the session is used again.
    private mutating func tellRefusal() {
        guard phase == .envelope, let refusal = transaction?.finalRefusal else { return }
        tell(refusal)
    }

    /// Sends what comes next, unless replies are still due. If content is on its way already, its replies decide.
    private mutating func continueEnvelope() {
        guard due.isEmpty, let transaction else { return }
        if phase == .resetting { clearUp() }
        guard phase == .envelope else { return }
        if transaction.mailRefusal == nil, !capabilities.pipelining, let next = transaction.next {
            send(transaction.envelope.rcpt(next), expecting: .rcpt)
        } else if let refusal = transaction.refusal {
            reset(after: refusal)
        } else if transaction.isChunked {
            move(to: .content)
            act(.opened(transaction.opened))
        } else {
            self.transaction?.dataSent = true
            send(.data, expecting: .data)
        }
    }

    private mutating func takeData(_ reply: Reply) {
        guard let transaction else { return }
        if reply.isPositiveIntermediate {
            if transaction.refusal == nil {
                move(to: .content)
                act(.opened(transaction.opened))
            } else if transaction.mailRefusal != nil || transaction.hasAccepted {
                // A lone dot would be an empty message to those that it accepted.
                fail(protocolViolation("the server waits for the content of a message that it refused", at: .data))
            } else {
                // The server waits for content though it refused every recipient: it gets none (RFC 2920, section 3.1).
                send(.emptyData, expecting: .emptyContent)
            }
        } else if reply.isPositiveCompletion {
            fail(unexpected(reply, at: .data))
        } else if reply.code == 421 {
            fail(.refused(reply, at: .data, rejected: transaction.rejected))
        } else if transaction.isTold {
            clearUp()
        } else {
            reset(after: .refused(reply, at: .data, rejected: transaction.rejected))
        }
    }

    /// Ends a transaction that failed while the session goes on.
    mutating func reset(after failure: SMTPError) {
        tell(failure)
        clearUp()
    }

    /// Tells the caller why the transaction failed. The session is of no use to others before it is cleared up.
    private mutating func tell(_ failure: SMTPError) {
        transaction?.failure = failure
        transaction?.isTold = true
        move(to: .resetting)
        act(.refused(failure))
    }

    /// Makes the session ready for the next transaction, after one that failed and whose envelope has been answered.
    mutating func clearUp() {
        guard let transaction else { return }
        if transaction.needsReset {
            send(.rset, expecting: .rset)
        } else {
            finishReset()
        }
    }

    private mutating func takeReset(_ reply: Reply) {
        if reply.isPositiveCompletion {
            finishReset()
        } else {
            fail(reply.isPositiveIntermediate ? unexpected(reply, at: .mail) : .refused(reply, at: .mail))
        }
    }

    private mutating func finishReset() {
        transaction = nil
        becomeReady()
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
