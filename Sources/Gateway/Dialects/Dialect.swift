internal import HTTPServer

/// What makes the difference between one request format and another: how a request becomes messages, and how the outcome
/// becomes a response. Nothing else depends on the format, and a dialect depends on nothing that stands above it.
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

    /// Whether a request carries the vendor's public test key. If it does, ``read(_:)`` has to give a dry run.
    func isTest(_ head: HTTPRequestHead) -> Bool

    /// Reads a request and checks the messages in it.
    ///
    /// - Throws: a ``Problem`` that names everything that is wrong with the request.
    func read(_ request: MessageRequest) throws(Problem) -> Reading

    /// Returns the response for one message.
    ///
    /// - Parameter index: its place among several; nil for a message of its own.
    func response(to outcome: MessageOutcome, of notes: ReadingNotes, at index: Int?) -> HTTPResponse

    /// Returns the response for several messages of one request.
    ///
    /// - Parameter responses: the responses that the messages would have had alone, in their order.
    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse

    /// Returns the response for a request that is refused as a whole.
    func response(to problem: Problem) -> HTTPResponse
}

extension Dialect {
    var keyField: KeyField? { nil }

    func isTest(_ head: HTTPRequestHead) -> Bool { false }

    func response(to responses: [MessageResponse], of notes: ReadingNotes) -> HTTPResponse {
        responses.first?.response ?? response(to: .emptyBody)
    }
}
