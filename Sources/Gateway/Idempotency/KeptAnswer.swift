internal import HTTPServer

/// An answer that is kept to be given again.
public struct KeptAnswer: Hashable, Sendable {
    /// The status code.
    public let status: Int
    /// The media type of the body.
    public let contentType: String
    /// The body.
    public let body: [UInt8]

    init(_ response: HTTPResponse) {
        status = response.status
        contentType = response.headers.first { $0.name == "Content-Type" }?.value ?? "application/json"
        body = response.body
    }

    /// The answer, marked as given again.
    var response: HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", contentType), ("Idempotency-Replayed", "true")], body: body)
    }
}
