internal import HTTPServer

/// The API of Postmark: `POST /email`.
struct PostmarkDialect: PostmarkResponses {
    let name = "postmark"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole
    let holdsOneMessage = true

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let document = try VendorDocument.read(PostmarkMessage.self, from: request.octets, expected: "a JSON object")
        var reading = Reading(.one(try document.message.draft()))
        reading.notes.ignored = document.message.ignored
        reading.notes.echoes = [document.to]
        return reading
    }
}
