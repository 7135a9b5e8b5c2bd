internal import HTTPServer

/// An answer that is kept to be given again.
public struct KeptAnswer: Hashable, Sendable {
    /// The status code.
    public let status: Int
    /// The media type of the body; empty if there is none.
    public let contentType: String
    /// The other header fields, by their names.
    public let fields: [String: String]
    /// The body.
    public let body: [UInt8]

    init(_ response: HTTPResponse) {
        status = response.status
        var fields = Dictionary(response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        contentType = fields.removeValue(forKey: "Content-Type") ?? ""
        self.fields = fields
        body = response.body
    }

    /// Octets that it takes in memory, about.
    var size: Int {
        fields.reduce(body.count + contentType.utf8.count) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// The answer, marked as given again.
    var response: HTTPResponse {
        let type = contentType.isEmpty ? [] : [(name: "Content-Type", value: contentType)]
        let others = fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        return HTTPResponse(
            status: status, headers: type + others + [("Idempotency-Replayed", "true")], body: body)
    }
}
