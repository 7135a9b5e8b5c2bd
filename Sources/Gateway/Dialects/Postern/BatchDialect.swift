internal import Foundation
internal import HTTPServer
internal import MailAddress

/// A JSON array of messages: `POST /messages/batch`.
struct BatchDialect: PosternDialect {
    let name = "batch"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = false

    /// One for all batches: it keeps nothing from one call to the next.
    private static let decoder = JSONDecoder()

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        if request.octets.isEmpty { throw .emptyBody }
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
        let repeated = try Submission.syntax(of: octets).repeated
        if !repeated.isEmpty { throw .invalid(repeated) }
        let document: BatchDocument
        do {
            document = try decoder.decode(BatchDocument.self, from: Data(octets))
        } catch {
            throw .invalid([FieldError("", "the body has to be a JSON array of messages")])
        }
        let most = BatchDocument.maximumMessages
        if document.isTooLong {
            throw .invalid([FieldError("", "there are more than \(most) messages; send them in batches of \(most)")])
        }
        if document.messages.isEmpty { throw .invalid([FieldError("", "there is no message in the batch")]) }
        return document.messages.map { message in
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
