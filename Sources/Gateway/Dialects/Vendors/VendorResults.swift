internal import HTTPServer

/// What became of the messages of one request, as the responses to them say.
struct VendorResults {
    /// The status at which a client may send a message again: it was not sent.
    private static let repeatableStatus = 429

    let responses: [MessageResponse]
    /// The messages that were accepted, by their places.
    let sent: [Int]
    /// The others.
    let failed: [Int]

    init(_ responses: [MessageResponse]) {
        self.responses = responses
        sent = responses.indices.filter { (200...299).contains(responses[$0].response.status) }
        failed = responses.indices.filter { !(200...299).contains(responses[$0].response.status) }
    }

    /// Whether none was sent and all may be sent again: then so may the request.
    var mayRepeat: Bool {
        sent.isEmpty && failed.allSatisfy { responses[$0].response.status == Self.repeatableStatus }
    }

    /// Whether the relay may have a message that it did not confirm.
    var holdUnknown: Bool {
        failed.contains { VendorField.outcome(of: responses[$0].response) == "unknown" }
    }
}
