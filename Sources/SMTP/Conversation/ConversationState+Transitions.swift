import MailAddress

/// The transitions of a transaction. Each one consumes the state, and returns what the conversation has to do then.
///
/// A reply that no command of the state is owed cannot come about, for a reply meets its own command only. Should it all
/// the same, the answer is `misplaced`, and the session ends.
extension ConversationState {
    /// What follows from a reply to a command of the envelope.
    enum EnvelopeStep {
        /// Nothing: replies are due still, or those to the content decide.
        case wait
        /// The next recipient is to be named, if commands go one by one.
        case name(AddrSpec, in: Envelope)
        /// DATA is to be sent.
        case data
        /// The server waits for the content.
        case takeContent(OpenedTransaction)
        /// The server waits for the content though it refused every recipient: it gets none (RFC 2920, section 3.1).
        case endEmptyContent
        /// The server waits for the content of a message that it refused. A lone dot would be an empty message to those that
        /// it accepted.
        case endSession
        /// The transaction failed, and its caller is to be told.
        case refuse(SMTPError)
        /// The envelope of a transaction that failed has been answered.
        case clearUp
        case misplaced
    }

    /// Takes a reply to MAIL or RCPT, a completion.
    ///
    /// A refusal is told as soon as it is final: whatever the connection does afterwards changes nothing. The replies that
    /// are still due are waited for before the session is used again.
    ///
    /// - Parameters:
    ///   - command: `mail` or `rcpt`.
    ///   - isLast: whether no further reply is due.
    ///   - isOneByOne: whether commands go one by one.
    mutating func takeEnvelopeReply(
        _ reply: Reply, to command: DueReply, isLast: Bool, isOneByOne: Bool
    ) -> EnvelopeStep {
        switch consume self {
        case .envelope(var transaction):
            let fits = transaction.take(reply, to: command)
            if let refusal = transaction.finalRefusal {
                self = .resetting(transaction)
                return .refuse(refusal)
            }
            let step: EnvelopeStep
            if !fits {
                step = .misplaced
            } else if !isLast {
                step = .wait
            } else if isOneByOne, let next = transaction.next {
                step = .name(next, in: transaction.envelope)
            } else if transaction.isChunked {
                step = .takeContent(transaction.opened)
                self = .content(transaction)
                return step
            } else {
                step = .data
            }
            self = .envelope(transaction)
            return step
        // The envelope was deferred: the replies to the content behind it decide.
        case .content(var transaction):
            let fits = transaction.take(reply, to: command)
            self = .content(transaction)
            return fits ? .wait : .misplaced
        case .finalReply(var end):
            let fits = end.transaction.take(reply, to: command)
            self = .finalReply(end)
            return fits ? .wait : .misplaced
        case .resetting(var transaction):
            let fits = transaction.take(reply, to: command)
            self = .resetting(transaction)
            return fits ? isLast ? .clearUp : .wait : .misplaced
        case let other:
            self = other
            return .misplaced
        }
    }

    /// Takes a reply to DATA: 354, or a refusal.
    mutating func takeDataReply(_ reply: Reply) -> EnvelopeStep {
        switch consume self {
        case .envelope(let transaction):
            if reply.isPositiveIntermediate {
                let opened = transaction.opened
                self = .content(transaction)
                return .takeContent(opened)
            }
            let refusal = SMTPError.refused(reply, at: .data, rejected: transaction.rejected)
            self = .resetting(transaction)
            return .refuse(refusal)
        case .resetting(let transaction):
            let isLost = transaction.mailRefusal != nil || transaction.hasAccepted
            self = .resetting(transaction)
            guard reply.isPositiveIntermediate else { return .clearUp }
            return isLost ? .endSession : .endEmptyContent
        case let other:
            self = other
            return .misplaced
        }
    }

    /// What follows from a reply to a chunk before the last.
    enum ChunkStep {
        /// The next one may be sent, or the reply to the last decides.
        case goOn
        /// The transaction failed, and its caller is to be told. No further chunk is sent.
        case refuse(SMTPError)
        case misplaced
    }

    /// Takes a completion, good or bad, of a chunk before the last.
    mutating func takeChunkReply(_ reply: Reply) -> ChunkStep {
        switch consume self {
        case .content(let transaction):
            guard !reply.isPositiveCompletion else {
                self = .content(transaction)
                return .goOn
            }
            let failure = transaction.refusal ?? .refused(reply, at: .content, rejected: transaction.rejected)
            self = .resetting(transaction)
            return .refuse(failure)
        case .finalReply(var end):
            if !reply.isPositiveCompletion, end.failure == nil {
                end.failure = end.refusal ?? .refused(reply, at: .content, rejected: end.transaction.rejected)
            }
            self = .finalReply(end)
            return .goOn
        // The message has failed: what its other chunks met changes nothing.
        case .resetting(let transaction):
            self = .resetting(transaction)
            return .goOn
        case let other:
            self = other
            return .misplaced
        }
    }

    /// What follows from the reply to the end of the content.
    enum FinalStep {
        /// The server took the message.
        case finish(FinishedTransaction)
        /// It did not, and the session goes on with what is chained, or with nothing.
        case fail(SMTPError)
        /// It did not, and the session has to be reset: what follows a BDAT that failed is undefined (RFC 3030, section 2).
        case refuse(SMTPError)
        /// It did not, and closes the connection.
        case endSession(SMTPError)
        case misplaced
    }

    /// Takes a completion, good or bad, of the end of the content. The turn of the chained transaction comes, if there is
    /// one.
    mutating func takeFinalReply(_ reply: Reply) -> FinalStep {
        switch consume self {
        case .finalReply(let end):
            let earlier = end.refusal
            if reply.isPositiveCompletion, earlier == nil {
                let opened = end.transaction.opened
                self = ConversationState(after: end.next)
                return .finish(FinishedTransaction(reply: reply, opened: opened))
            }
            let rejected = end.transaction.rejected
            let failure =
                reply.isPositiveCompletion
                ? Self.contradiction(rejected) : earlier ?? .refused(reply, at: .content, rejected: rejected)
            if reply.code == 421 {
                self = .finalReply(end)
                return .endSession(failure)
            }
            let isChunked = end.transaction.isChunked
            switch consume end.next {
            case .none where isChunked:
                self = .resetting(end.transaction)
                return .refuse(failure)
            case let next:
                self = ConversationState(after: next)
                return .fail(failure)
            }
        case let other:
            self = other
            return .misplaced
        }
    }

    /// The state after a message that is over. The transaction whose envelope has gone out already becomes the one under way.
    private init(after next: consuming ChainedTransaction) {
        switch consume next {
        case .none: self = .ready
        case .sent(let transaction): self = .envelope(transaction)
        // The conversation ends the session at once.
        case .takenBack: self = .ready
        }
    }

    /// A server that refused a chunk, or everybody, and took the end of the message: it may have taken something.
    private static func contradiction(_ rejected: [RejectedRecipient]) -> SMTPError {
        SMTPError(
            .protocolViolation, stage: .content, outcome: .unknown,
            detail: "the server took the end of a message of which it had refused a part before",
            rejected: rejected)
    }

    /// Takes the transaction out whose content may be written; nil if there is none. The caller puts it into the next state.
    mutating func takeOpen() -> Transaction? {
        switch consume self {
        case .deferred(let transaction):
            self = .ready
            return transaction
        case .content(let transaction):
            self = .ready
            return transaction
        case let other:
            self = other
            return nil
        }
    }

    /// The chained transaction is sent elsewhere. One whose turn has come already is no longer chained: it is answered like
    /// any other.
    mutating func takeBackChained() {
        switch consume self {
        case .finalReply(var end):
            if end.next.isSent { end.next = .takenBack }
            self = .finalReply(end)
        case let other: self = other
        }
    }

    /// What it takes to give up a message whose content is not complete.
    enum Abandonment {
        /// Nothing of it has been sent.
        case forget
        /// The transaction is reset.
        case reset
        /// There is no command for that: the session ends.
        case endSession
        /// Nothing: the message is over, or all of it has been sent.
        case leave
    }

    /// The caller gives up the message whose content it writes.
    mutating func abandonContent() -> Abandonment {
        switch consume self {
        case .deferred:
            self = .ready
            return .forget
        case .content(let transaction):
            guard transaction.isChunked else {
                self = .content(transaction)
                return .endSession
            }
            self = .resetting(transaction)
            return .reset
        case let other:
            self = other
            return .leave
        }
    }
}

extension Transaction {
    /// Takes a reply to MAIL or RCPT.
    ///
    /// - Returns: whether a command is there that it can belong to.
    fileprivate mutating func take(_ reply: Reply, to command: DueReply) -> Bool {
        switch command {
        case .mail:
            takeMail(reply)
            return true
        case .rcpt: return takeRcpt(reply)
        default: return false
        }
    }
}
