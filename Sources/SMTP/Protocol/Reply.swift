/// A server's reply to one command (RFC 5321, section 4.2).
public struct Reply: Hashable, Sendable, CustomStringConvertible {
    /// The three-digit reply code, 200 to 599.
    public let code: Int
    /// The enhanced status code, or nil if the server sent none.
    public let enhancedCode: EnhancedStatusCode?
    /// The text without any codes, its lines joined by `\n`.
    public let text: String

    /// The lines of the text, without codes. There is always at least one.
    public var lines: [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Whether the code is 2yz: the command was carried out.
    public var isPositiveCompletion: Bool { code / 100 == 2 }
    /// Whether the code is 3yz: the server waits for more.
    public var isPositiveIntermediate: Bool { code / 100 == 3 }
    /// Whether the code is 4yz: the same command may succeed later.
    public var isTransientNegative: Bool { code / 100 == 4 }
    /// Whether the code is 5yz: the same command will fail again.
    public var isPermanentNegative: Bool { code / 100 == 5 }

    /// Code, enhanced code and text in one line.
    public var description: String {
        let codes = enhancedCode.map { "\(code) \($0)" } ?? "\(code)"
        return text.isEmpty ? codes : codes + " " + text.replacing("\n", with: " / ")
    }

    init(code: Int, enhancedCode: EnhancedStatusCode? = nil, text: String) {
        self.code = code
        self.enhancedCode = enhancedCode
        self.text = text
    }
}
