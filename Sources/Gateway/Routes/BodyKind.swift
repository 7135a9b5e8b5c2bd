internal import Foundation
internal import HTTPServer

/// How a message is written in a request, as Content-Type says.
enum BodyKind: Equatable {
    /// `application/json`.
    case json
    /// `message/rfc822`.
    case raw
    /// `multipart/form-data` or `application/x-www-form-urlencoded`.
    case form

    /// The kind of a request's body, whatever the parameters of its type (RFC 9110, section 8.3.1); nil for any other type.
    init?(_ head: HTTPRequestHead) {
        guard let type = head.headers["Content-Type"] else { return nil }
        // Nearly every message comes with exactly this.
        if type == "application/json" {
            self = .json
            return
        }
        switch type.prefix(while: { $0 != ";" }).trimmingCharacters(in: .whitespaces).lowercased() {
        case "application/json": self = .json
        case "message/rfc822": self = .raw
        case "multipart/form-data", "application/x-www-form-urlencoded": self = .form
        default: return nil
        }
    }
}
