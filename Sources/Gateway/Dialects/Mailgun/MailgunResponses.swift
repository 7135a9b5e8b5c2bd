internal import Foundation
internal import HTTPServer
internal import MailAddress
internal import SMTP

/// The responses in the form of Mailgun's API.
protocol MailgunResponses: VendorDialect {}

extension MailgunResponses {
    var mediaTypes: [String] { ["multipart/form-data", "application/x-www-form-urlencoded"] }
    var intake: BodyIntake { .form }
    var keyField: KeyField? { .basic(user: "api") }

    var keyAdvice: String { "the password of the user api (HTTP Basic)" }

    func memberName(_ pointer: String) -> String {
        // A form has no list of messages.
        var parts = VendorText.parts(of: pointer).drop { Int($0) != nil }
        if parts.first == "headers", parts.count > 1 { return "h:" + parts.dropFirst().joined(separator: "/") }
        if parts.first == "attachments" { parts = ["attachment"] + parts.dropFirst() }
        return parts.joined(separator: ".")
    }

    /// Whether a sender may send for the domain that the request's path names: its own, or one above it.
    ///
    /// - Throws: a ``Problem`` with 401.
    func checkDomain(_ request: MessageRequest, of senders: [AddrSpec]) throws(Problem) {
        let name = request.pathValues.first ?? ""
        let domain = (try? AddrSpec("postmaster@" + name))?.domain.lowercased()
        for sender in senders {
            let own = sender.domain.lowercased()
            guard let domain, own == domain || own.hasSuffix("." + domain) else { throw .foreignDomain(name, sender) }
        }
    }

    func response(to outcome: MessageOutcome, of notes: ReadingNotes, at index: Int?) -> HTTPResponse {
        let fields = fields(outcome, notes)
        switch outcome {
        case .accepted(let messageID, let receipt): return accepted(messageID, Self.message(receipt), fields)
        case .composed(let composed):
            return accepted(composed.id, "Queued. Thank you. In test mode, it was not sent.", fields)
        case .failed(let problem): return response(problem, fields, at: index)
        }
    }

    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse {
        let results = VendorResults(responses)
        if results.mayRepeat || responses.count == 1 { return responses[0].response }
        if results.failed.isEmpty {
            let first = responses[0].response
            return HTTPResponse.json(first.status, first.body, headers: fields(responses, notes))
        }
        let text =
            (results.sent.isEmpty
                ? "No message is known to be accepted. "
                : "\(results.sent.count) of \(responses.count) messages were sent; do not send them again. ")
            + results.failed.map { "Message \($0): \(Self.message(in: responses[$0]))" }.joined(separator: "; ")
        return response(
            FieldError.shortened(text, to: VendorText.maximumCharacters), status: 400, fields(responses, notes))
    }

    func response(to problem: Problem) -> HTTPResponse {
        response(problem, fields(problem))
    }

    private func response(
        _ problem: Problem, _ fields: [(name: String, value: String)], at index: Int? = nil
    ) -> HTTPResponse {
        if problem.status == 401 {
            let own = [
                (name: "Content-Type", value: "text/plain; charset=utf-8"),
                (name: "WWW-Authenticate", value: "Basic realm=\"postern\""),
            ]
            let others = fields.filter { $0.name != "WWW-Authenticate" }
            return HTTPResponse(status: 401, headers: own + others, body: Array("Forbidden".utf8))
        }
        return response(text(of: problem, at: index), status: Self.status(of: problem), fields)
    }

    private func response(
        _ message: String, status: Int, _ fields: [(name: String, value: String)]
    ) -> HTTPResponse {
        var json = JSONText()
        json.object { $0.member("message", message) }
        return HTTPResponse.json(status, json.bytes, headers: fields)
    }

    private func accepted(
        _ messageID: String, _ message: String, _ fields: [(name: String, value: String)]
    ) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member("id", messageID)
            json.member("message", message)
        }
        return HTTPResponse.json(200, json.bytes, headers: fields)
    }

    /// Some clients take a text for a failure that does not begin like this.
    private static func message(_ receipt: Receipt) -> String {
        let refused = receipt.rejected.map { "\($0.address)" }
        let failed = receipt.failed.map { "\($0.address) (\($0.error.outcome.rawValue))" }
        let text =
            "Queued. Thank you."
            + (refused.isEmpty ? "" : " The relay refused \(refused.joined(separator: ", ")).")
            + (failed.isEmpty ? "" : " The outcome differs for \(failed.joined(separator: ", ")).")
        return FieldError.shortened(text, to: VendorText.maximumCharacters)
    }

    /// The text in the response to a message, which may have been kept from an earlier request.
    private static func message(in response: MessageResponse) -> String {
        let document = try? JSONDecoder().decode([String: String].self, from: Data(response.response.body))
        return document?["message"] ?? "it was not accepted"
    }

    private static func status(of problem: Problem) -> Int {
        // No client repeats a request by itself for this.
        if problem.outcome == .unknown { return 400 }
        if problem.label == "idempotency-key-in-flight" { return 429 }
        switch problem.status {
        case 409, 415, 422: return 400
        // The message was not sent, and may be sent again.
        case 429, 503: return 429
        case 502, 504: return problem.isRetryable == true ? 429 : 500
        default: return problem.status
        }
    }
}

extension Problem {
    /// The path of a request names a domain that is not its sender's.
    fileprivate static func foreignDomain(_ domain: String, _ sender: AddrSpec) -> Problem {
        Problem(
            "unauthorized", "The domain is not the sender's", status: 401,
            detail:
                "\(sender) may not send for the domain \(domain.prefix(100).debugDescription) of the path; use the sender's "
                + "domain, or one above it"
        ).notSent(retryable: false)
    }
}
