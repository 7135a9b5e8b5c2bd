internal import HTTPServer
internal import JSON

/// The API of Resend: `POST /emails`.
struct ResendDialect: ResendResponses {
    let name = "resend"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = true

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let document = try JSONDocument.read(ResendMessage.self, from: request.octets, expected: "a JSON object")
        return Reading(
            .one(try Self.draft(of: document)), notes: ReadingNotes(ignored: document.message.ignored))
    }

    /// Checks a message.
    ///
    /// - Throws: a ``Problem`` that names every bad field.
    static func draft(of document: ResendMessage) throws(Problem) -> Draft {
        let missing = document.missing
        if !missing.isEmpty { throw .missingField(missing) }
        return try document.message.draft()
    }
}

extension Problem {
    /// Members that a vendor's API needs are missing.
    fileprivate static func missingField(_ names: [String]) -> Problem {
        Problem(
            "missing-field", "A field is missing", status: 422,
            detail: names.map { "Missing `\($0)` field." }.joined(separator: " ")
        ).with(FieldErrors(names.map { FieldError("/" + $0, "this field is missing") })).notSent(retryable: false)
    }
}
