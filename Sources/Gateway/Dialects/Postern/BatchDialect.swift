internal import HTTPServer
internal import JSON
internal import MailAddress

/// A JSON array of messages: `POST /messages/batch`.
struct BatchDialect: PosternDialect {
    let name = "batch"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = false

    /// Messages in a batch at most: what Resend's users know.
    private static let maximumMessages = 100

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let stopsOnError = request.head.query["on_error"] == "stop"
        return Reading(
            .several(
                try Self.messages(in: request.octets, defaultAuthor: request.defaultAuthor),
                stopsOnError ? .stopsOnError : .independent),
            isDryRun: request.head.query.isSet("dry_run"))
    }

    /// The messages of a document, each with errors of its own.
    ///
    /// - Parameter defaultAuthor: the author of those that name none.
    /// - Throws: a ``Problem`` if the document is no list of 1 to 100 elements.
    static func messages(
        in octets: [UInt8], defaultAuthor: Mailbox? = nil
    ) throws(Problem) -> [Result<Draft, Problem>] {
        let list = try JSONDocument.read(
            ListDocument<MessageDocument>.self, from: octets, expected: "a JSON array of messages")
        if list.elements.count > maximumMessages {
            throw .invalid([
                FieldError(
                    "", "there are more than \(maximumMessages) messages; send them in batches of \(maximumMessages)")
            ])
        }
        if list.elements.isEmpty { throw .invalid([FieldError("", "there is no message in the batch")]) }
        return list.elements.map { message in
            Result { () throws(Problem) in
                guard let message else {
                    throw .invalid([FieldError("", "a message has to be a JSON object")])
                }
                return Draft.fields(try Submission(message, defaultAuthor: defaultAuthor))
            }
        }
    }

    /// The responses to the messages, each with its status added.
    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse {
        var body = Array(#"{"results":["#.utf8)
        for (index, response) in responses.enumerated() {
            body += (index == 0 ? "" : ",").utf8
            body += #"{"http_status":\#(response.response.status),"#.utf8
            if response.isReplay { body += #""replayed":true,"#.utf8 }
            // Every response to a message is an object with members: what follows its brace goes on from here.
            body += response.response.body.dropFirst()
        }
        body += "]}".utf8
        return HTTPResponse.json(200, body)
    }
}
