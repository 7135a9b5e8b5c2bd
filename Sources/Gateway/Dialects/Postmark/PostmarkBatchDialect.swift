internal import HTTPServer
internal import JSON

/// The API of Postmark: `POST /email/batch`. The response is a list with the result of each message.
struct PostmarkBatchDialect: PostmarkResponses {
    let name = "postmark-batch"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = false

    private static let maximumMessages = 500

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let list = try JSONDocument.read(
            ListDocument<PostmarkMessage>.self, from: request.octets, expected: "a JSON array of objects")
        try list.checkCount(maximum: Self.maximumMessages)
        let messages = list.elements.map { element in
            Result { () throws(Problem) in
                guard let element else { throw .invalid([FieldError("", "a message has to be a JSON object")]) }
                return try element.message.draft(Self.memberNames)
            }
        }
        let ignored = list.elements.compactMap { $0?.message.ignored }.distinct()
        return Reading(
            .several(messages, .independent), isDryRun: isTest(request.head),
            notes: ReadingNotes(ignored: ignored, echoes: list.elements.map { $0?.to }))
    }

    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse {
        // What each message's response would have been alone is its element here.
        let body = Array("[".utf8) + responses.map(\.response.body).joined(separator: ",".utf8) + Array("]".utf8)
        return HTTPResponse.json(200, body, headers: fields(responses, notes))
    }
}
