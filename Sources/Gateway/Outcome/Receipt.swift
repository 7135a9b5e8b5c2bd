internal import MailAddress
internal import SMTP

/// What a relay said of a message that it took responsibility for.
struct Receipt {
    /// The relay's name.
    let relay: String
    let reply: Reply
    var accepted: [AddrSpec]
    var rejected: [RejectedRecipient]
    /// The recipients of further transactions that failed, each with the failure.
    var failed: [(address: AddrSpec, error: SMTPError)] = []
    /// How long it took; the wait for the relay's rate counts as one for a session.
    let times: TransactionTimes

    /// What a relay said in one transaction.
    init(relay: String, _ taken: SMTPReceipt, _ times: TransactionTimes) {
        self.relay = relay
        reply = taken.reply
        accepted = taken.accepted
        rejected = taken.rejected
        self.times = times
    }

    /// `accepted`, or `partially_accepted` if some recipients were refused.
    var status: String { rejected.isEmpty && failed.isEmpty ? "accepted" : "partially_accepted" }
}
