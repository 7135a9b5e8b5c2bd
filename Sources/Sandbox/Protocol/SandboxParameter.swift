/// A parameter of MAIL or RCPT, such as `SIZE=1000` or `SMTPUTF8` (RFC 5321, section 4.1.2).
public struct SandboxParameter: Hashable, Sendable {
    /// The keyword in capital letters.
    public let keyword: String
    /// What followed the equals sign as it was sent, xtext still encoded; nil if there was none.
    public let value: String?

    init(_ keyword: String, _ value: String? = nil) {
        self.keyword = keyword
        self.value = value
    }

    /// Reads the parameters behind a path.
    ///
    /// - Throws: 501 where the syntax is wrong or a keyword comes twice.
    static func read(_ text: Substring) throws(SandboxReply) -> [SandboxParameter] {
        guard !text.isEmpty else { return [] }
        guard text.first == " " else { throw .syntax("a space before each parameter") }
        var parameters: [SandboxParameter] = []
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty && Octets.isPrintable($0) }), isKeyword(parts[0]) else {
                throw .syntax("KEYWORD or KEYWORD=value")
            }
            let keyword = parts[0].uppercased()
            guard !parameters.contains(where: { $0.keyword == keyword }) else { throw .syntax("each parameter once") }
            parameters.append(SandboxParameter(keyword, parts.count > 1 ? String(parts[1]) : nil))
        }
        return parameters
    }

    private static func isKeyword(_ text: Substring) -> Bool {
        guard text.utf8.first != UInt8(ascii: "-") else { return false }
        return text.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
