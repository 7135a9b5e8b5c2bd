import MailAddress

@testable import SMTP

/// A message that is sent in one call, and what it was told: to be told twice is an error.
final class WholeTestMessage: WholeMessage {
    typealias Completion = @Sendable (Result<SMTPReceipt, SMTPError>) -> Void

    let envelope: Envelope
    private let text: String
    private let gate: @Sendable (WholeTransaction) -> Bool
    private let whenTaken: @Sendable () -> Void
    private let completion: Completion

    /// - Parameters:
    ///   - gate: says whether the content may go out at once.
    ///   - whenTaken: what is done when the content is asked for.
    init(
        _ text: String, to recipients: [String] = ["b@example.net"],
        gate: @escaping @Sendable (WholeTransaction) -> Bool = { _ in true },
        whenTaken: @escaping @Sendable () -> Void = {}, _ completion: @escaping Completion
    ) throws {
        var envelope = try Envelope(from: "a@example.org", to: recipients)
        envelope.maySplit = true
        self.envelope = envelope
        self.text = text
        self.gate = gate
        self.whenTaken = whenTaken
        self.completion = completion
    }

    var content: [UInt8] {
        whenTaken()
        return Array(text.utf8)
    }

    func maySendContent(of transaction: WholeTransaction) -> Bool { gate(transaction) }

    func completed(_ result: Result<SMTPReceipt, SMTPError>, after times: TransactionTimes) {
        completion(result)
    }
}
