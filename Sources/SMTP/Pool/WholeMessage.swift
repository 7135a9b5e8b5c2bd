/// A message whose content is there as a whole. ``SMTPSessionPool/send(_:on:)`` opens, writes and closes it without a task that
/// waits in between.
package protocol WholeMessage: AnyObject, Sendable {
    var envelope: Envelope { get }
    /// The text, in lines that end in CRLF, LF or CR.
    var content: [UInt8] { get }

    /// Says whether the content may go out now that the server waits for it, on the event loop.
    ///
    /// - Parameter transaction: what is told to send the content, or to give it up, if that has to wait.
    func maySendContent(of transaction: WholeTransaction) -> Bool

    /// Tells what became of the message, on the event loop that it is sent from: once, or never if its transaction was given
    /// up.
    func completed(_ result: Result<SMTPReceipt, SMTPError>, after times: TransactionTimes)
}

extension WholeMessage {
    /// Returns true: nothing has to be done first.
    package func maySendContent(of transaction: WholeTransaction) -> Bool { true }
}
