/// An HTTP response (RFC 9110, section 15). Date, Content-Length and Connection are written by the server.
public struct HTTPResponse: Sendable {
    /// The status code, 200 to 599.
    public let status: Int
    /// The header fields. A field whose name is not a token, or whose value holds a control character, is left out:
    /// no value can begin a line of its own.
    public let headers: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]

    /// A response.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers.allSatisfy(Self.isSound) ? headers : headers.filter(Self.isSound)
        self.body = body
    }

    /// A response whose body is JSON.
    ///
    /// - Parameter headers: further header fields.
    public static func json(
        _ status: Int, _ body: [UInt8], headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        // Nearly all responses have no others, and what is known to be sound need not be looked at.
        guard headers.isEmpty else { return HTTPResponse(status: status, headers: jsonType + headers, body: body) }
        return HTTPResponse(status: status, sound: jsonType, body: body)
    }

    private static let jsonType = [(name: "Content-Type", value: "application/json")]

    private init(status: Int, sound headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A plain response of a few words.
    static func plain(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }

    private static func isSound(_ field: (name: String, value: String)) -> Bool {
        let name = field.name.utf8.span
        let value = field.value.utf8.span
        guard !name.isEmpty else { return false }
        for index in name.indices where !Octet.isToken(name[index]) { return false }
        for index in value.indices where !Octet.isFieldValue(value[index]) { return false }
        return true
    }
}
