/// Who waits for what becomes of a connection's transaction.
enum TransactionCaller {
    /// Nobody: no transaction is under way, or its content is being written. Goes to `opening` or `finishing`.
    case none
    /// It is told when the server waits for the content, or why it does not. Goes to `none`.
    case opening(Connection.OpenCompletion)
    /// It is told of the reply to the content. Goes to `none`, or to `opening` if an envelope went out behind the content.
    case finishing(Connection.FinishCompletion, next: Connection.OpenCompletion?)

    /// The completion of a transaction that is being opened, so that it is called once; nil if there is none.
    mutating func takeOpening() -> Connection.OpenCompletion? {
        guard case .opening(let completion) = self else { return nil }
        self = .none
        return completion
    }
}
