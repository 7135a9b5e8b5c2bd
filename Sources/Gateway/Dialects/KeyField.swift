internal import Foundation
internal import HTTPServer

/// Where a vendor's clients put their key.
enum KeyField: Sendable {
    /// In a field of its own.
    case header(String)
    /// As the password of this user (RFC 7617).
    case basic(user: String)

    /// Whether it is given more than once.
    func isRepeated(in headers: HTTPHeaders) -> Bool {
        if case .header(let name) = self { headers.values(name).count > 1 } else { false }
    }

    /// The key, if there is one.
    func key(in headers: HTTPHeaders) -> String? {
        switch self {
        case .header(let name): return headers[name]
        case .basic(let user):
            guard let authorization = headers["Authorization"], authorization.lowercased().hasPrefix("basic "),
                let octets = Data(base64Encoded: String(authorization.dropFirst(6)))
            else { return nil }
            let text = String(decoding: octets, as: UTF8.self)
            return text.hasPrefix(user + ":") ? String(text.dropFirst(user.utf8.count + 1)) : nil
        }
    }
}
