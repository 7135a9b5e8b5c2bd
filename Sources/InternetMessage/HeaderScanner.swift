/// Takes the value of a structured field apart: what stands in angle brackets, comments, commas and words (RFC 5322, section
/// 3.2).
struct HeaderScanner {
    enum Token {
        /// What stands in angle brackets, with these.
        case bracketed(String)
        /// The words of a comment, the parentheses with the first and the last of them.
        case comment([String])
        case comma
        case word(String)
    }

    private let octets: [UInt8]
    private var position = 0

    init(_ value: String) {
        octets = Array(value.utf8)
    }

    /// The next token, or nil at the end. White space counts for nothing.
    ///
    /// Throws a `HeaderError` if brackets or parentheses are not closed.
    mutating func next() throws(HeaderError) -> Token? {
        while position < octets.count, Self.isSpace(octets[position]) { position += 1 }
        guard position < octets.count else { return nil }
        let start = position
        switch octets[position] {
        case UInt8(ascii: "<"):
            guard let end = octets[position...].firstIndex(of: UInt8(ascii: ">")) else {
                throw HeaderError(.invalidValue, "this header holds an opening angle bracket without the closing one")
            }
            position = end + 1
            return .bracketed(text(start..<position))
        case UInt8(ascii: "("):
            try skipComment()
            let words = octets[start..<position].split(whereSeparator: Self.isSpace)
            return .comment(words.map { String(decoding: $0, as: UTF8.self) })
        case UInt8(ascii: ","):
            position += 1
            return .comma
        default:
            while position < octets.count, !Self.isSpace(octets[position]), !",<(".utf8.contains(octets[position]) {
                position += 1
            }
            return .word(text(start..<position))
        }
    }

    /// Passes over a comment, and those in it.
    private mutating func skipComment() throws(HeaderError) {
        var depth = 0
        while position < octets.count {
            switch octets[position] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "\\"): position += 1
            default: break
            }
            position += 1
            if depth == 0 { return }
        }
        throw HeaderError(.invalidValue, "this header holds an opening parenthesis without the closing one")
    }

    /// A text without its comments, a space in place of each.
    static func withoutComments(_ value: String) throws(HeaderError) -> String {
        guard value.utf8.contains(UInt8(ascii: "(")) else { return value }
        var scanner = HeaderScanner(value)
        var text = ""
        while let token = try scanner.next() {
            switch token {
            case .comment: continue
            case .comma: text += ","
            case .bracketed(let word), .word(let word): text += " " + word
            }
        }
        return text
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: octets[range], as: UTF8.self) }

    private static func isSpace(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") }
}
