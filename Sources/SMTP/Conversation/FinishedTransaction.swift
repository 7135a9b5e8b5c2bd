/// How a transaction ended in which the server took the message.
struct FinishedTransaction: Equatable, Sendable {
    let reply: Reply
    let opened: OpenedTransaction
}
