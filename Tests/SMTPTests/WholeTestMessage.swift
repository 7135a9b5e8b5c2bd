import MailAddress

@testable import SMTP

/// A message that is sent in one call, and what it was told: to be told twice is an error.
final class WholeTestMessage: WholeMessage {
    typealias Completion = @Sendable (Result<SMTPReceipt, SMTPError>) -> Void

    let envelope: Envelope
    let content: [UInt8]
    private let completion: Completion

    init(_ text: String, to recipients: [String] = ["b@example.net"], _ completion: @escaping Completion) throws {
        var envelope = try Envelope(from: "a@example.org", to: recipients)
        envelope.maySplit = true
        self.envelope = envelope
        content = Array(text.utf8)
        self.completion = completion
    }

    func completed(_ result: Result<SMTPReceipt, SMTPError>, after times: TransactionTimes) {
        completion(result)
    }
}
