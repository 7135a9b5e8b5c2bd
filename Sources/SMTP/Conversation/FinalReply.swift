/// A message whose last octet has been handed to the socket: the final dot, or the last BDAT.
struct FinalReply: ~Copyable {
    var transaction: Transaction
    /// Why a chunk before the last was refused. The caller is told with the reply to the last one.
    var failure: SMTPError?
    var next: ChainedTransaction

    init(_ transaction: consuming Transaction, next: consuming ChainedTransaction) {
        self.transaction = transaction
        self.next = next
    }

    /// Why the server cannot take the message any more: it refused a chunk, or the whole envelope; nil if it may.
    var refusal: SMTPError? { failure ?? transaction.refusal }
}
