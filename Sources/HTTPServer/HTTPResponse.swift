/// An answer (RFC 9110, section 15). Date, Content-Length and Connection are written by the server.
public struct HTTPResponse: Sendable {
    /// The status code, 200 to 599.
    public let status: Int
    /// The header fields. A field whose name is not a token, or whose value holds a control character, is left out:
    /// no value can begin a line of its own.
    public let headers: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]

    /// An answer.
    public init(status: Int, headers: [(String, String)], body: [UInt8]) {
        self.status = status
        self.headers = headers.filter(Self.isSound).map { (name: $0.0, value: $0.1) }
        self.body = body
    }

    /// A plain answer of a few words.
    static func plain(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
    }

    private static func isSound(_ field: (String, String)) -> Bool {
        !field.0.isEmpty
            && field.0.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            } && field.1.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
