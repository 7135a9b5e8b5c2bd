internal import Foundation
internal import HTTPServer
internal import JSON

/// The API of Resend: `POST /emails/batch`.
///
/// In strict mode, the default, one message that is not valid keeps all from being sent. What becomes of valid messages is
/// known only from the relay, so some may be sent and others not: the error then says which, and has a status at which no
/// client sends all of them again.
struct ResendBatchDialect: ResendResponses {
    let name = "resend-batch"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = false

    private static let maximumMessages = 100
    private static let modeField = "x-batch-validation"

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let isPermissive = try Self.isPermissive(request.head.headers[Self.modeField])
        let list = try JSONDocument.read(
            ListDocument<ResendMessage>.self, from: request.octets, expected: "a JSON array of objects")
        try list.checkCount(maximum: Self.maximumMessages)
        let messages = list.elements.map { element in
            Result { () throws(Problem) in
                guard let element else { throw .invalid([FieldError("", "a message has to be a JSON object")]) }
                if element.hasAttachments {
                    throw .invalid([
                        FieldError(
                            "/attachments", "attachments are not supported in a batch; send them with POST /emails")
                    ])
                }
                return try ResendDialect.draft(of: element)
            }
        }
        let ignored = list.elements.compactMap { $0?.message.ignored }.distinct()
        return Reading(
            .several(messages, isPermissive ? .independent : .allValid),
            notes: ReadingNotes(ignored: ignored, isPermissive: isPermissive))
    }

    private static func isPermissive(_ mode: String?) throws(Problem) -> Bool {
        switch mode {
        case nil, "strict": return false
        case "permissive": return true
        case let mode?:
            throw .invalid([
                FieldError(
                    "/" + modeField, "this has to be strict or permissive, not \(mode.prefix(40).debugDescription)")
            ])
        }
    }

    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse {
        let results = VendorResults(responses)
        let errors = results.failed.map { (index: $0, error: Self.error(in: responses[$0])) }
        guard !results.failed.isEmpty, !notes.isPermissive else { return list(results, errors, notes) }
        if results.mayRepeat { return responses[0].response }
        let sent = results.sent.map(String.init).joined(separator: ", ")
        let text =
            (sent.isEmpty
                ? "No message is known to be accepted. "
                : "The messages \(sent) were sent; do not send them again. ")
            + errors.map { "Message \($0.index): \($0.error.message)" }.joined(separator: "; ")
        return response(
            ResendError(
                statusCode: results.holdUnknown ? 409 : 422,
                name: results.holdUnknown ? "application_error" : "validation_error",
                message: FieldError.shortened(text, to: VendorText.maximumCharacters)), fields(responses, notes))
    }

    private func list(
        _ results: VendorResults, _ errors: [(index: Int, error: ResendError)], _ notes: ReadingNotes
    ) -> HTTPResponse {
        // A response to an accepted message is an object with its id.
        let accepted = results.sent.map { results.responses[$0].response.body }
        var body = Array(#"{"data":["#.utf8) + accepted.joined(separator: ",".utf8) + Array("]".utf8)
        if notes.isPermissive {
            var json = JSONText()
            json.array(errors) { json, error in
                json.object {
                    $0.member("index", error.index)
                    $0.member("message", error.error.message)
                }
            }
            body += #","errors":"#.utf8
            body += json.bytes
        }
        body += "}".utf8
        return HTTPResponse.json(200, body, headers: fields(results.responses, notes))
    }

    /// The error in the response to a message, which may have been kept from an earlier request.
    private static func error(in response: MessageResponse) -> ResendError {
        (try? JSONDecoder().decode(ResendError.self, from: Data(response.response.body)))
            ?? ResendError(
                statusCode: response.response.status, name: "application_error", message: "it was not accepted")
    }
}
