internal import Foundation

/// An HTTP answer, taken apart as far as tests need it.
public struct HTTPAnswer: Sendable {
    /// The status code.
    public let status: Int
    /// Status line and header section, in lower case.
    public let head: String
    /// The body.
    public let body: [UInt8]

    /// Reads an answer with a Content-Length; nil while it is not complete.
    public init?(_ bytes: [UInt8]) {
        let end = Array("\r\n\r\n".utf8)
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        head = String(decoding: bytes[..<start], as: UTF8.self).lowercased()
        let words = head.split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        self.status = status
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }?
            .split(separator: ":").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        let rest = bytes[(start + 4)...]
        guard rest.count >= length ?? 0 else { return nil }
        body = Array(rest.prefix(length ?? 0))
    }

    /// The value of a header field, its name in lower case; nil where there is none.
    public func field(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.hasPrefix(name + ":") }
            .map { String($0.dropFirst(name.count + 1)).trimmingCharacters(in: .whitespaces) }
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a JSON object.
    public var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    /// The pointers of a problem's errors.
    public var pointers: [String] {
        (json["errors"] as? [[String: Any]] ?? []).compactMap { $0["pointer"] as? String }
    }
}
