public import MailAddress

/// What became of a message that the server took, for each of its recipients.
public struct SMTPReceipt: Hashable, Sendable {
    /// The reply with which the server took responsibility for the message.
    public internal(set) var reply: Reply
    /// The recipients that the server accepted.
    public internal(set) var accepted: [AddrSpec]
    /// The recipients that the server refused, each with its reply.
    public internal(set) var rejected: [RejectedRecipient]
    /// The recipients that need a further transaction, if the envelope may be split.
    public internal(set) var remaining: [AddrSpec]

    init(_ finished: FinishedTransaction, _ envelope: Envelope) {
        reply = finished.reply
        accepted = finished.opened.accepted(of: envelope)
        rejected = finished.opened.rejected
        remaining = finished.opened.remaining
    }
}

extension OpenedTransaction {
    /// The recipients of an envelope that are neither refused nor left over.
    func accepted(of envelope: Envelope) -> [AddrSpec] {
        if rejected.isEmpty, remaining.isEmpty { return envelope.recipients }
        let others = Set(rejected.map(\.address) + remaining)
        return envelope.recipients.filter { !others.contains($0) }
    }
}
