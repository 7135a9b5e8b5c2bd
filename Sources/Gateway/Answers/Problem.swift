internal import HTTPServer
internal import MailAddress
internal import SMTP

/// A failure as the client is told it (RFC 9457).
struct Problem: Error {
    /// The last part of the problem type's URI.
    let label: String
    let title: String
    let status: Int
    var detail: String
    var reply: Reply?
    var stage: SMTPStage?
    var isRetryable: Bool?
    var outcome: SMTPOutcome?
    var rejected: [RejectedRecipient] = []
    var errors: [FieldError] = []
    /// Further header fields of the answer.
    var headers: [(name: String, value: String)] = []

    init(_ label: String, _ title: String, status: Int, detail: String) {
        self.label = label
        self.title = title
        self.status = status
        self.detail = detail
    }

    /// The answer that carries the problem.
    var response: HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member("type", "urn:problem-type:postern:" + label)
            json.member("title", title)
            json.member(.status, status)
            json.member("detail", detail)
            if let reply {
                json.member(.code, reply.code)
                json.member(.enhancedCode, reply.enhancedCode)
                json.member(.text, reply.text)
            }
            if let stage { json.member("stage", stage.rawValue) }
            if let isRetryable { json.member("retryable", isRetryable) }
            if let outcome { json.member("outcome", outcome.rawValue) }
            if !rejected.isEmpty {
                json.name(.rejected)
                json.array(rejected) { $0.rejected($1) }
            }
            if !errors.isEmpty {
                json.name("errors")
                json.array(errors) { json, error in
                    json.object {
                        $0.member("pointer", error.pointer)
                        $0.member("detail", error.detail)
                    }
                }
            }
        }
        return HTTPResponse(
            status: status, headers: [("Content-Type", "application/problem+json")] + headers, body: json.bytes)
    }
}
