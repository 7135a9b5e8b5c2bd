import MailAddress

/// What became of the recipients of a transaction whose content may follow.
struct OpenedTransaction: Equatable, Sendable {
    /// Those that the server refused.
    var rejected: [RejectedRecipient] = []
    /// Those that need a further transaction.
    var remaining: [AddrSpec] = []
}

/// How a transaction ended in which the server took the message.
struct FinishedTransaction: Equatable, Sendable {
    let reply: Reply
    let opened: OpenedTransaction
}
