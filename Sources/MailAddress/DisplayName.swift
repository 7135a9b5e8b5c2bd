/// The name in the text of one mailbox, with all that a person who wrote it would call the name.
///
/// To RFC 5322 comments are white space, and an encoded word is a word like any other. In a text that somebody typed or copied,
/// `Foo (Bar) <a@b.example>` and `a@b.example (Ann)` have a name in parentheses, and `=?utf-8?q?J=C3=B6rn?=` is Jörn: none of
/// them may get lost or arrive as it is.
struct DisplayName {
    private enum Piece {
        case word(String)
        case encodedWord([UInt8])
        case comment(String)
    }

    /// The name as plain text; nil if there is none.
    private(set) var text: String?

    /// Whether a text may have such a name, so that it has to be read again.
    static func mayBeSpecial(_ octets: Span<UInt8>) -> Bool {
        for index in octets.indices {
            if octets[index] == Octet.openParenthesis { return true }
            if octets[index] == UInt8(ascii: "?"), index > 0, octets[index - 1] == UInt8(ascii: "=") { return true }
        }
        return false
    }

    /// Reads the name in a text that is one mailbox.
    ///
    /// Throws an `AddressError` for an encoded word that cannot be decoded.
    init(_ octets: Span<UInt8>) throws(AddressError) {
        var pieces: [Piece] = []
        var hasAngle = false
        var parser = AddressParser(allowsFolding: false)
        while parser.position < octets.count {
            let start = parser.position
            switch octets[start] {
            case Octet.space, Octet.tab: parser.position += 1
            case Octet.openParenthesis:
                try parser.skipComment(octets)
                let comment = AddrSpecParser.unquoted(octets, start + 1, parser.position - 1)
                pieces.append(.comment(String(comment.map { $0 == "\t" ? " " : $0 })))
            case Octet.less:
                hasAngle = true
                try Self.skipAngle(octets, &parser)
            case Octet.quote:
                try parser.skipQuotedString(octets)
                pieces.append(.word(AddrSpecParser.unquoted(octets, start + 1, parser.position - 1)))
            default:
                parser.skipAtoms(octets)
                // What follows an atom without white space belongs to a bare address.
                if parser.position == start { parser.position += 1 }
                let word = AddrSpecParser.string(octets, start, parser.position)
                if word.hasPrefix("=?"), word.hasSuffix("?="), word.utf8.count > 4 {
                    guard let decoded = EncodedName.decoded(word) else { throw AddressError(.encodedWord, at: start) }
                    pieces.append(.encodedWord(decoded))
                } else {
                    pieces.append(.word(word))
                }
            }
        }
        // Without brackets the words are the address.
        if !hasAngle {
            pieces = pieces.filter { if case .comment = $0 { true } else { false } }
        }
        text = Self.joined(pieces)
    }

    /// Passes over the address in its brackets, in which a quoted local part may hold another.
    private static func skipAngle(_ octets: Span<UInt8>, _ parser: inout AddressParser) throws(AddressError) {
        while parser.position < octets.count, octets[parser.position] != Octet.greater {
            switch octets[parser.position] {
            case Octet.quote: try parser.skipQuotedString(octets)
            case Octet.openParenthesis: try parser.skipComment(octets)
            default: parser.position += 1
            }
        }
        parser.position += 1
    }

    private static func joined(_ pieces: [Piece]) -> String? {
        let hasWords = pieces.contains { if case .comment = $0 { false } else { true } }
        var name: [UInt8] = []
        var isBehindEncodedWord = false
        for piece in pieces {
            // White space between encoded words does not count (RFC 2047, section 6.2).
            if case .encodedWord = piece, isBehindEncodedWord {} else if !name.isEmpty { name.append(Octet.space) }
            isBehindEncodedWord = false
            switch piece {
            case .word(let word): name += word.utf8
            case .comment(let comment): name += (hasWords ? "(\(comment))" : comment).utf8
            case .encodedWord(let octets):
                name += octets
                isBehindEncodedWord = true
            }
        }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
