internal import Foundation
internal import HTTPServer
internal import MailAddress
internal import SMTP

/// The responses in the form of Postmark's API.
protocol PostmarkResponses: VendorDialect {}

extension PostmarkResponses {
    var keyField: KeyField? { .header("X-Postmark-Server-Token") }

    var keyAdvice: String { "X-Postmark-Server-Token: KEY" }

    func isTest(_ head: HTTPRequestHead) -> Bool { keyField?.key(in: head.headers) == "POSTMARK_API_TEST" }

    static var memberNames: [String: String] {
        [
            "from": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "reply_to": "ReplyTo", "subject": "Subject",
            "text": "TextBody", "html": "HtmlBody", "headers": "Headers", "attachments": "Attachments",
            "filename": "Name", "content": "Content", "content_type": "ContentType", "content_id": "ContentID",
        ]
    }

    func response(to outcome: MessageOutcome, of notes: ReadingNotes, at index: Int?) -> HTTPResponse {
        let position = index ?? 0
        let to = position < notes.echoes.count ? notes.echoes[position] : nil
        switch outcome {
        case .accepted(let messageID, let receipt):
            return accepted(messageID, to, Self.message(receipt), fields(outcome, notes))
        case .composed(let composed):
            return accepted(composed.id, to, "Test job accepted. It was not sent.", fields(outcome, notes))
        case .failed(let problem): return response(problem, fields(outcome, notes), at: index)
        }
    }

    func response(to problem: Problem) -> HTTPResponse {
        response(problem, fields(problem))
    }

    private func response(
        _ problem: Problem, _ fields: [(name: String, value: String)], at index: Int? = nil
    ) -> HTTPResponse {
        let error = PostmarkError(problem, text(of: problem, at: index))
        var json = JSONText()
        json.object { json in
            json.member("ErrorCode", error.code)
            json.member("Message", error.message)
        }
        return HTTPResponse.json(error.status, json.bytes, headers: fields)
    }

    private func accepted(
        _ messageID: String, _ to: String?, _ message: String, _ fields: [(name: String, value: String)]
    ) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            // Fifty addresses fit; what is longer is no list that a client looks for.
            if let to, to.utf8.count <= 16_384 { json.member("To", to) }
            json.member("SubmittedAt", Date().formatted(.iso8601))
            json.member("MessageID", identifier(messageID))
            json.member("ErrorCode", 0)
            json.member("Message", message)
        }
        return HTTPResponse.json(200, json.bytes, headers: fields)
    }

    /// Clients read the recipients that were refused out of this sentence. One whose outcome is unknown is not among them.
    private static func message(_ receipt: Receipt) -> String {
        let unknown = receipt.failed.filter { $0.error.outcome == .unknown }.map(\.address)
        let refused =
            receipt.rejected.map(\.address)
            + receipt.failed.filter { $0.error.outcome != .unknown }.map(\.address)
        var text = "OK"
        if !refused.isEmpty {
            text =
                "Message OK, but will not deliver to these inactive addresses: "
                + refused.map(\.description).joined(separator: ", ")
                + ". Inactive recipients are those that the relay did not accept."
        }
        if !unknown.isEmpty {
            text +=
                (refused.isEmpty ? "." : "")
                + " The relay did not confirm the message for \(unknown.map(\.description).joined(separator: ", ")); it "
                + "may have been accepted."
        }
        return text
    }
}
