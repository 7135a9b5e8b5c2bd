internal import Crypto
internal import HTTPServer

/// Tells whether two requests are for the same message: the SHA-256 of what the client sent.
public struct MessageFingerprint: Hashable, Sendable {
    /// 32 octets.
    public let octets: [UInt8]

    /// The fingerprint of path, query, Content-Type and body.
    init(_ request: HTTPRequest) {
        var hash = SHA256()
        // Each part ends with an octet that none of them can hold.
        func update(_ text: String) {
            hash.update(data: Array(text.utf8))
            hash.update(data: [0])
        }
        update(request.head.path)
        for (name, value) in request.head.query.parameters {
            update(name)
            update(value)
        }
        update(request.head.headers["Content-Type"] ?? "")
        hash.update(data: request.body)
        octets = Array(hash.finalize())
    }

    init(octets: [UInt8]) {
        self.octets = octets
    }
}
