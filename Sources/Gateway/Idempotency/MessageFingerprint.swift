internal import Crypto
internal import HTTPServer

/// Tells whether two requests are for the same message: the SHA-256 of what the client sent.
public struct MessageFingerprint: Hashable, Sendable {
    /// 32 octets.
    public let octets: [UInt8]

    /// The fingerprint of path, query, Content-Type and body. Of a form, its boundary does not count.
    init(_ request: MessageRequest) {
        var hash = SHA256()
        func update(_ octets: [UInt8]) {
            // Each piece is told from the next by its length.
            hash.update(data: Array(String(octets.count).utf8) + [0])
            hash.update(data: octets)
        }
        update(Array(request.head.path.utf8))
        for (name, value) in request.head.query.parameters {
            update(Array(name.utf8))
            update(Array(value.utf8))
        }
        switch request.body {
        case .octets(let octets):
            update(Array((request.head.headers["Content-Type"] ?? "").utf8))
            update(octets)
        case .form(let parts):
            for part in parts {
                for text in [part.name, part.filename ?? "", part.contentType ?? ""] { update(Array(text.utf8)) }
                update(part.content)
            }
        }
        octets = Array(hash.finalize())
    }

    init(octets: [UInt8]) {
        self.octets = octets
    }
}
