internal import Crypto
internal import HTTPServer
internal import Records

extension MessageRequest {
    /// What tells the message of this request from others: path, query, Content-Type and body. Of a form, its boundary does
    /// not count.
    var fingerprint: MessageFingerprint {
        var hash = SHA256()
        func update(_ octets: [UInt8]) {
            // Each piece is told from the next by its length.
            hash.update(data: Array(String(octets.count).utf8) + [0])
            hash.update(data: octets)
        }
        update(Array(head.path.utf8))
        for (name, value) in head.query.parameters {
            update(Array(name.utf8))
            update(Array(value.utf8))
        }
        switch body {
        case .octets(let octets):
            update(Array((head.headers["Content-Type"] ?? "").utf8))
            update(octets)
        case .form(let parts):
            for part in parts {
                for text in [part.name, part.filename ?? "", part.contentType ?? ""] { update(Array(text.utf8)) }
                update(part.content)
            }
        }
        return MessageFingerprint(octets: Array(hash.finalize()))
    }
}
