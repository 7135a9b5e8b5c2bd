internal import Foundation
internal import HTTPServer
internal import JSON
internal import SMTP

/// The API of SendGrid: `POST /v3/mail/send`. Each personalization is a message of its own; none is sent if one of them is
/// not valid.
///
/// Its own form of response has one status for all of them. It is 202 if every message was accepted. Otherwise the errors
/// say which were not and which were sent, with a status at which no client sends all of them again.
struct SendGridDialect: VendorDialect {
    let name = "sendgrid"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = false

    static let memberNames = ["address": "email", "content_type": "type"]

    private static let messageID = "X-Message-Id"
    /// The most personalizations that a response names.
    private static let maximumListed = 100

    /// The most recipients of all messages of a request.
    private static let maximumRecipients = 1_000

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let mail = try JSONDocument.read(SendGridMail.self, from: request.octets, expected: "a JSON object")
        if !mail.errors.isEmpty {
            throw .invalid(mail.errors.withPointers { VendorText.renamed($0, Self.memberNames) })
        }
        if mail.personalizations.count > SendGridMail.maximumPersonalizations {
            throw .invalid([
                FieldError(
                    "/personalizations",
                    "there are more than \(SendGridMail.maximumPersonalizations); send fewer at a time")
            ])
        }
        let count = mail.personalizations.reduce(0) { $0 + $1.to.count + $1.cc.count + $1.bcc.count }
        if count > Self.maximumRecipients {
            throw .invalid([
                FieldError(
                    "/personalizations", "\(count) recipients are too many; \(Self.maximumRecipients) is the most")
            ])
        }
        if mail.hasMessageID, mail.personalizations.count > 1 {
            throw .invalid([
                FieldError("/headers/Message-ID", "several messages cannot have one Message-ID; leave it out")
            ])
        }
        let names = Self.memberNames.merging(mail.contentNames) { $1 }
        var drafts: [Result<Draft, Problem>] = []
        for (index, personalization) in mail.personalizations.enumerated() {
            do throws(Problem) {
                drafts.append(.success(try mail.message(of: personalization).draft(names)))
            } catch {
                throw Self.isAboutOwn(error) ? error.under(String(index)).under("personalizations") : error
            }
        }
        let ignored = ([mail.common.ignored] + mail.personalizations.map(\.ignored)).distinct()
        return Reading(
            .several(drafts, .allValid), isDryRun: mail.isSandboxed, notes: ReadingNotes(ignored: ignored))
    }

    /// Whether an error is in what the personalization has for itself.
    private static func isAboutOwn(_ problem: Problem) -> Bool {
        problem.errors.contains { error in ["/to", "/cc", "/bcc"].contains { error.pointer.hasPrefix($0) } }
    }

    // MARK: Responses

    func memberName(_ pointer: String) -> String {
        let name = VendorText.name(pointer)
        return name.first?.isNumber == true ? "personalizations." + name : name
    }

    func response(to outcome: MessageOutcome, of notes: ReadingNotes, at index: Int?) -> HTTPResponse {
        let fields = fields(outcome, notes)
        switch outcome {
        case .accepted(let messageID, _):
            return HTTPResponse(
                status: 202, headers: [(Self.messageID, identifier(messageID))] + fields, body: [])
        case .composed: return HTTPResponse(status: 200, headers: fields, body: [])
        case .failed(let problem):
            let error = SendGridError(
                text(of: problem, at: index), field: index.map { "personalizations.\($0)" })
            return response([error], status: Self.status(of: problem), fields)
        }
    }

    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse {
        let results = VendorResults(responses)
        if results.mayRepeat || responses.count == 1 { return responses[0].response }
        if results.failed.isEmpty {
            let first = responses[0].response
            let id = VendorField.value(Self.messageID, in: first).map { [(name: Self.messageID, value: $0)] } ?? []
            return HTTPResponse(status: first.status, headers: id + fields(responses, notes), body: [])
        }
        var errors = results.failed.prefix(Self.maximumListed).flatMap { Self.errors(in: responses[$0]) }
        let unlisted = results.failed.count - Self.maximumListed
        if unlisted > 0 { errors.append(SendGridError("and \(unlisted) more personalizations were not accepted")) }
        if !results.sent.isEmpty {
            let sent = results.sent.map(String.init).joined(separator: ", ")
            let text = "the personalizations \(sent) were sent; do not send them again"
            errors.insert(SendGridError(FieldError.shortened(text, to: VendorText.maximumCharacters)), at: 0)
        }
        return response(errors, status: 400, fields(responses, notes))
    }

    func response(to problem: Problem) -> HTTPResponse {
        let errors =
            problem.errors.isEmpty || problem.reply != nil
            ? [SendGridError(text(of: problem))]
            : self.errors(of: problem)
        return response(errors, status: Self.status(of: problem), fields(problem))
    }

    /// An error for each of a problem's, as many as are read.
    private func errors(of problem: Problem) -> [SendGridError] {
        var errors = problem.errors.prefix(VendorText.maximumListed).map { error in
            SendGridError(FieldError.shortened(error.detail, to: 400), field: memberName(error.pointer))
        }
        let unlisted = problem.errors.count + problem.unlistedErrors - errors.count
        if unlisted > 0 { errors.append(SendGridError("and \(unlisted) more errors")) }
        return errors
    }

    private func response(
        _ errors: [SendGridError], status: Int, _ fields: [(name: String, value: String)]
    ) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.name("errors")
            json.array(errors) { json, error in
                json.object { json in
                    json.member("message", error.message)
                    json.member("field", error.field)
                    json.member("help", String?.none)
                }
            }
        }
        return HTTPResponse.json(status, json.bytes, headers: fields)
    }

    private static func status(of problem: Problem) -> Int {
        // No client repeats a request by itself for this.
        if problem.outcome == .unknown { return 400 }
        if problem.label == "idempotency-key-in-flight" { return 429 }
        switch problem.status {
        case 409, 422: return 400
        // The message was not sent, and may be sent again.
        case 429, 503: return 429
        case 502, 504: return problem.isRetryable == true ? 429 : 500
        default: return problem.status
        }
    }

    /// The errors in the response to a message, which may have been kept from an earlier request.
    private static func errors(in response: MessageResponse) -> [SendGridError] {
        struct Document: Decodable {
            let errors: [SendGridError]
        }
        return (try? JSONDecoder().decode(Document.self, from: Data(response.response.body)))?.errors ?? []
    }
}
