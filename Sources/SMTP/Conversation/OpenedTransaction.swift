import MailAddress

/// What became of the recipients of a transaction whose content may follow.
struct OpenedTransaction: Equatable, Sendable {
    /// Those that the server refused.
    var rejected: [RejectedRecipient] = []
    /// Those that need a further transaction.
    var remaining: [AddrSpec] = []
}
