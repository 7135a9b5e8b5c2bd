internal import HTTPServer
internal import MailAddress
internal import SMTP

/// A failure as the client is told it (RFC 9457).
struct Problem: Error {
    /// The last part of the problem type's URI, and the heading of its section in docs/errors.md.
    let label: String
    /// Tells problems of one type apart where a vendor's API does.
    var variant: String?
    let title: String
    let status: Int
    var detail: String
    var reply: Reply?
    var stage: SMTPStage?
    var isRetryable: Bool?
    var outcome: SMTPOutcome?
    var rejected: [RejectedRecipient] = []
    private(set) var errors: [FieldError] = []
    /// How many more errors there are than those in ``errors``.
    private(set) var unlistedErrors = 0
    /// Further header fields of the answer.
    var headers: [(name: String, value: String)] = []

    init(_ label: String, _ title: String, status: Int, detail: String) {
        self.label = label
        self.title = title
        self.status = status
        self.detail = detail
    }

    /// The type of a problem as a URI reference (RFC 9457, section 3.1.1): the gateway that responded shows the page.
    static func type(_ label: String) -> String { "/problems/" + label }

    /// The most octets of a response: what errors and rejected recipients would need more is counted and not listed.
    static let maximumOctets = 64 * 1024
    /// The most octets behind which another error or recipient is listed. Each of them is far smaller than what is left.
    private static let maximumListOctets = 48 * 1024
    /// The most characters of a text in a list; the text of a reply that stands alone may have four times as many.
    private static let maximumTextCharacters = 1_000

    /// The same problem with what is wrong with the fields.
    func with(_ errors: FieldErrors) -> Problem {
        var problem = self
        problem.errors = errors.listed
        problem.unlistedErrors = errors.unlisted
        return problem
    }

    /// The same problem seen from the list that holds the message.
    func under(_ name: String) -> Problem {
        var problem = self
        problem.errors = errors.map { $0.under(name) }
        return problem
    }

    /// The answer that carries the problem.
    var response: HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member("type", Self.type(label))
            json.member("title", title)
            json.member(.status, status)
            json.member("detail", Self.shortened(detail))
            if let reply {
                json.member(.code, reply.code)
                json.member(.enhancedCode, reply.enhancedCode)
                json.member(.text, FieldError.shortened(reply.text, to: Self.maximumTextCharacters * 4))
            }
            if let stage { json.member("stage", stage.rawValue) }
            if let isRetryable { json.member("retryable", isRetryable) }
            if let outcome { json.member("outcome", outcome.rawValue) }
            if !errors.isEmpty {
                json.name("errors")
                let listed = json.beginning(of: errors, within: Self.maximumListOctets) { json, error in
                    json.object {
                        $0.member("pointer", error.pointer)
                        $0.member("detail", Self.shortened(error.detail))
                    }
                }
                let unlisted = errors.count - listed + unlistedErrors
                if unlisted > 0 { json.member("more_errors", unlisted) }
            }
            if !rejected.isEmpty {
                json.name(.rejected)
                let listed = json.beginning(of: rejected, within: Self.maximumListOctets) { json, recipient in
                    json.rejected(recipient, text: Self.shortened(recipient.reply.text))
                }
                if listed < rejected.count { json.member("more_rejected", rejected.count - listed) }
            }
        }
        return HTTPResponse(
            status: status, headers: [("Content-Type", "application/problem+json")] + headers, body: json.bytes)
    }

    private static func shortened(_ text: String) -> String {
        FieldError.shortened(text, to: maximumTextCharacters)
    }
}

extension Problem {
    /// The same problem without the claim that nothing was sent: of a request with an Idempotency-Key that nobody has looked up,
    /// the message may have been sent before.
    var withoutClaim: Problem {
        guard outcome == .notSent else { return self }
        var problem = self
        problem.outcome = nil
        return problem
    }
}
