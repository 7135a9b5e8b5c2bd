import Foundation
import Testing

/// A session of curl's own SMTP tests: what its server says, what curl sends.
struct CurlSessionCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Expectation: Decodable, Sendable {
        let commands: String?
        let content: String?
        let curl_exit: String?
    }

    let id: String
    let source: String
    let name: String
    let server: String?
    let stdin: String?
    let command: String
    let expect: Expectation

    var testDescription: String { "\(id): \(name) (\(source))" }

    /// What the options of the command say.
    func option(_ name: String) -> [String] {
        let words = command.split(whereSeparator: \.isWhitespace).map(String.init)
        return words.indices.dropLast().filter { words[$0] == name }.map { Self.expanded(words[$0 + 1]) }
    }

    /// The commands that are expected, EHLO and QUIT left out.
    var commands: [String] {
        let lines = (expect.commands ?? "").split(separator: "\n").map { Self.expanded(String($0)) }
        return lines.filter { !$0.hasPrefix("EHLO ") && !$0.hasPrefix("HELO ") && $0 != "QUIT" }
    }

    /// The content that is expected on the wire.
    var content: String? {
        expect.content.map { Self.expanded($0).replacing("\r\n", with: "\n").replacing("\n", with: "\r\n") }
    }

    /// What the server answers to EHLO.
    var extensions: [String] {
        instructions.compactMap { line in
            if line.hasPrefix("AUTH ") { return line }
            if line.hasPrefix("CAPA ") { return line.dropFirst(5).filter { $0 != "\"" } }
            return nil
        }
    }

    /// The server's own reply to what the client sends, or nil for the usual one.
    func reply(to command: String) -> String? {
        for line in instructions where line.hasPrefix("REPLY ") {
            let rest = String(line.dropFirst(6))
            let parts: (String, String)
            if rest.hasPrefix("\"") {
                let end = rest.dropFirst().firstIndex(of: "\"") ?? rest.endIndex
                parts = (String(rest[rest.index(after: rest.startIndex)..<end]), String(rest[end...].dropFirst(2)))
            } else if let end = Self.firstSpaceOutsideOfMarks(rest) {
                parts = (String(rest[..<end]), String(rest[end...].dropFirst()))
            } else {
                continue
            }
            if command == Self.expanded(parts.0) || command.hasPrefix(Self.expanded(parts.0) + " ") {
                return Self.expanded(parts.1).replacing("\\r\\n", with: "\r\n")
            }
        }
        return nil
    }

    private var instructions: [String] { (server ?? "").split(separator: "\n").map(String.init) }

    private static func firstSpaceOutsideOfMarks(_ text: String) -> String.Index? {
        guard text.hasPrefix("%b64["), let end = text.range(of: "]b64%")?.upperBound else {
            return text.firstIndex(of: " ")
        }
        return end
    }

    // MARK: The marks of curl's test files

    /// `%b64[…]b64%` and `%hex[…]hex%` as what they stand for, `%repeat[N x …]%` too.
    static func expanded(_ text: String) -> String {
        var text = text
        text = replaced(text, from: "%hex[", to: "]hex%") { String(decoding: percentDecoded($0), as: UTF8.self) }
        text = replaced(text, from: "%b64[", to: "]b64%") { Data(percentDecoded($0)).base64EncodedString() }
        return replaced(text, from: "%repeat[", to: "]%") { inner in
            guard let separator = inner.range(of: " x "), let count = Int(inner[..<separator.lowerBound]) else {
                return ""
            }
            let unit = String(decoding: percentDecoded(String(inner[separator.upperBound...])), as: UTF8.self)
            return String(repeating: unit, count: count)
        }
    }

    private static func replaced(
        _ text: String, from start: String, to end: String, _ replacement: (String) -> String
    ) -> String {
        var text = text
        while let open = text.range(of: start), let close = text.range(of: end, range: open.upperBound..<text.endIndex)
        {
            text.replaceSubrange(
                open.lowerBound..<close.upperBound, with: replacement(String(text[open.upperBound..<close.lowerBound])))
        }
        return text
    }

    private static func percentDecoded(_ text: String) -> [UInt8] {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                octets.append(value)
                rest = rest.dropFirst(2)
            } else {
                octets.append(octet)
            }
        }
        return octets
    }
}
