internal import HTTPServer

/// The response for a message, and whether it is final.
struct MessageResponse: Sendable {
    let response: HTTPResponse
    /// Whether to ask again would change nothing.
    let isFinal: Bool
    /// Whether the message had been sent before, under the same key.
    private(set) var isReplay = false

    init(_ response: HTTPResponse, isFinal: Bool) {
        self.response = response
        self.isFinal = isFinal
    }

    /// A response to a message that was sent before, marked as such.
    init(replaying response: HTTPResponse) {
        self.response = HTTPResponse(
            status: response.status, headers: response.headers + [("Idempotency-Replayed", "true")],
            body: response.body)
        isFinal = true
        isReplay = true
    }
}
