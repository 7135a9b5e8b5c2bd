import MailAddress

/// One mail transaction on its way (RFC 5321, section 3.3).
struct Transaction: ~Copyable {
    let envelope: Envelope
    /// How many of the recipients are named: the first ones, as many as the server takes at once.
    let named: Int
    /// Whether the content goes with BDAT (RFC 3030).
    let isChunked: Bool
    /// The reply that refused MAIL.
    private(set) var mailRefusal: Reply?
    /// How many recipients have been answered.
    private var answered = 0
    private(set) var rejected: [RejectedRecipient] = []

    init(_ envelope: Envelope, named: Int, isChunked: Bool) {
        self.envelope = envelope
        self.named = named
        self.isChunked = isChunked
    }

    /// Takes the reply to MAIL.
    mutating func takeMail(_ reply: Reply) {
        if !reply.isPositiveCompletion { mailRefusal = reply }
    }

    /// Takes the reply to the RCPT of the next recipient.
    ///
    /// - Returns: false if every recipient has been answered.
    mutating func takeRcpt(_ reply: Reply) -> Bool {
        guard let recipient = next else { return false }
        if !reply.isPositiveCompletion { rejected.append(RejectedRecipient(address: recipient, reply: reply)) }
        answered += 1
        return true
    }

    /// The recipient whose reply is next, or who is to be named next where commands go one by one.
    var next: AddrSpec? {
        answered < named ? envelope.recipients[answered] : nil
    }

    /// Whether the server accepted a recipient.
    var hasAccepted: Bool { answered > rejected.count }

    /// Why the envelope was refused, once no further reply can change that: MAIL was refused, or every recipient has been
    /// answered.
    var finalRefusal: SMTPError? {
        mailRefusal != nil || answered == named ? refusal : nil
    }

    /// Whether the server has to be told that the transaction is over. A refused MAIL has begun none (RFC 5321,
    /// section 4.1.1.2); after a BDAT that failed there is always one (RFC 3030, section 2).
    var needsReset: Bool { mailRefusal == nil || isChunked || hasAccepted }

    /// Whether DATA may go out together with the recipients: its 354 must not oblige the client to send a message that
    /// the policy forbids.
    var dataMayBePipelined: Bool {
        envelope.recipientPolicy == .any || envelope.recipients.count == 1
    }

    /// Why the envelope was refused as a whole, or nil if the message may be sent.
    var refusal: SMTPError? {
        if let mailRefusal { return .refused(mailRefusal, at: .mail) }
        guard !rejected.isEmpty else { return nil }
        let noneAccepted = rejected.count == named
        switch envelope.recipientPolicy {
        case .any:
            guard noneAccepted else { return nil }
            // With one recipient worth another try, the message is.
            return refusal(preferring: \.isTransientNegative)
        case .all:
            // With one recipient refused for good, the message cannot succeed.
            return refusal(preferring: \.isPermanentNegative)
        }
    }

    private func refusal(preferring preferred: (Reply) -> Bool) -> SMTPError? {
        guard let reply = (rejected.first { preferred($0.reply) } ?? rejected.first)?.reply else { return nil }
        return .refused(reply, at: .rcpt, rejected: rejected)
    }

    /// What became of the recipients.
    var opened: OpenedTransaction {
        guard envelope.maySplit, named < envelope.recipients.count || !rejected.isEmpty else {
            return OpenedTransaction(rejected: rejected)
        }
        // If others were accepted, "too many recipients" is no refusal.
        let leftOver = rejected.filter(\.reply.meansTooManyRecipients).map(\.address)
        return OpenedTransaction(
            rejected: rejected.filter { !$0.reply.meansTooManyRecipients },
            remaining: leftOver + envelope.recipients[named...])
    }
}

extension Reply {
    /// Whether a reply to RCPT says that the transaction takes no more recipients: 452, 552 as older servers have it
    /// (RFC 5321, section 4.5.3.1.10), or x.5.3 with any code (RFC 3463, section 3.6).
    fileprivate var meansTooManyRecipients: Bool {
        code == 452 || code == 552 || enhancedCode?.subject == 5 && enhancedCode?.detail == 3
    }
}
