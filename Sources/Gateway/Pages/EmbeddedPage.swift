internal import Crypto
internal import Foundation
internal import HTTPServer

/// A document that is part of the executable, with a tag by which a client knows that it has it already.
struct EmbeddedPage: Sendable {
    let body: [UInt8]
    private let headers: [(name: String, value: String)]
    private let tag: String

    /// - Parameters:
    ///   - body: the document.
    ///   - contentType: its media type.
    ///   - headers: further header fields of its response.
    init(_ body: [UInt8], contentType: String, headers: [(name: String, value: String)] = []) {
        self.body = body
        let digest = Data(SHA256.hash(data: body).prefix(16)).base64EncodedString()
        tag = "\"\(digest)\""
        // A client may keep it, and asks each time whether it is still the same.
        self.headers = [("Content-Type", contentType), ("ETag", tag), ("Cache-Control", "no-cache")] + headers
    }

    /// The response: the document, or 304 to a client that has it (RFC 9110, section 13.1.2).
    func response(to head: HTTPRequestHead) -> HTTPResponse {
        guard head.headers.values("If-None-Match").contains(where: isNamed) else {
            return HTTPResponse(status: 200, headers: headers, body: body)
        }
        return HTTPResponse(status: 304, headers: headers.filter { $0.name != "Content-Type" }, body: [])
    }

    /// Whether a list of tags has this one. They are compared weakly, as the field asks.
    private func isNamed(in list: String) -> Bool {
        list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            .contains { $0 == "*" || $0 == tag || $0 == "W/" + tag }
    }
}
