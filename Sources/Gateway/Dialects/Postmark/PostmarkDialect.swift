internal import HTTPServer
internal import JSON

/// The API of Postmark: `POST /email`.
struct PostmarkDialect: PostmarkResponses {
    let name = "postmark"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = true

    /// The most octets of a message.
    private static let maximumOctets = 10 * 1024 * 1024

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        if request.octets.count > Self.maximumOctets { throw .largerThanVendor(maximum: Self.maximumOctets) }
        let document = try JSONDocument.read(PostmarkMessage.self, from: request.octets, expected: "a JSON object")
        return Reading(
            .one(try document.message.draft(Self.memberNames)), isDryRun: isTest(request.head),
            notes: ReadingNotes(ignored: document.message.ignored, echoes: [document.to]))
    }
}

extension Problem {
    /// A request is larger than its API takes, whatever the gateway's own limit.
    fileprivate static func largerThanVendor(maximum: Int) -> Problem {
        Problem(
            "too-large", "The message is too large", status: 413,
            detail: "a message may have at most \(maximum) bytes here; POST /messages takes more"
        ).notSent(retryable: false)
    }
}
