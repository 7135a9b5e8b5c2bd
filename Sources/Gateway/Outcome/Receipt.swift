internal import MailAddress
internal import SMTP

/// What a relay said of a message that it took responsibility for.
struct Receipt {
    /// How long a message took.
    struct Times {
        /// Until a session was free.
        let queue: Duration
        /// From MAIL until the content could be sent.
        let envelope: Duration
        /// Until the reply to the final dot.
        let content: Duration
    }

    /// The relay's name.
    let relay: String
    let reply: Reply
    var accepted: [AddrSpec]
    var rejected: [RejectedRecipient]
    /// The recipients of further transactions that failed, each with the failure.
    var failed: [(address: AddrSpec, error: SMTPError)] = []
    let times: Times

    /// `accepted`, or `partially_accepted` if some recipients were refused.
    var status: String { rejected.isEmpty && failed.isEmpty ? "accepted" : "partially_accepted" }
}
