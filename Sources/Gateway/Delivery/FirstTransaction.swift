internal import SMTP

/// How the first transaction of a message ended that was sent as a whole, with the first of its relays. Whoever sends the
/// message on goes on from there.
struct FirstTransaction {
    let result: Result<SMTPReceipt, AttemptFailure>
    let times: TransactionTimes

    init(_ result: Result<SMTPReceipt, AttemptFailure>, _ times: TransactionTimes) {
        self.result = result
        self.times = times
    }
}
