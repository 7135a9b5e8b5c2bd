internal import HTTPServer

/// What makes the difference between one request format and another: how a request becomes messages, and how its client is
/// told what became of them. Nothing else depends on the format, and a dialect depends on nothing that stands above it.
///
/// A dialect of its own needs a type with this protocol and a place among the declared endpoints.
protocol Dialect: Sendable {
    /// What the log calls it.
    var name: String { get }
    /// The media types of the bodies that it reads, in lower case.
    var mediaTypes: [String] { get }
    /// How the body is read.
    var intake: BodyIntake { get }
    /// Whether a request holds one message: it counts against the rate of its key before the body is read.
    var holdsOneMessage: Bool { get }
    /// Where a request may carry its key beside the fields that are taken everywhere.
    var keyField: KeyField? { get }

    /// Reads a request and checks the messages in it.
    ///
    /// - Throws: a ``Problem`` that names everything that is wrong with the request.
    func read(_ request: MessageRequest) throws(Problem) -> Reading

    /// What a client is told of a message.
    ///
    /// - Parameter index: its place among several; nil for a message of its own.
    func response(to outcome: MessageOutcome, of notes: ReadingNotes, at index: Int?) -> HTTPResponse

    /// What a client is told of several messages that came together.
    ///
    /// - Parameter responses: what it would have been told of each alone, in their order.
    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse

    /// What a client is told of a request that is refused as a whole.
    func response(to problem: Problem) -> HTTPResponse
}

extension Dialect {
    var keyField: KeyField? { nil }

    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse {
        responses.first?.response ?? response(to: .emptyBody)
    }
}
