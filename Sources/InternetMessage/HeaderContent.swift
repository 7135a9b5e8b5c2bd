internal import MailAddress

/// The checked value of a header field, in the form in which it is written.
enum HeaderContent: Hashable, Sendable {
    /// Text that is folded at spaces or encoded.
    case unstructured(String)
    /// Items that are never split; lines are folded between them.
    case items([String])
    /// A name, which is encoded if need be, and an identifier in its angle brackets.
    case phrase(String, identifier: String)
    /// A moment.
    case date(MessageDate)
    /// The identifier of the message, which the composer then does not make.
    case messageID(MessageID)
    /// Mailboxes, whose names are encoded and whose addresses are not.
    case mailboxes([Mailbox])

    /// The longest item in octets: it fits a line of 998 whatever stands around it.
    static let maximumItemOctets = 900

    init(_ value: String, syntax: HeaderPolicy.Syntax) throws(HeaderError) {
        switch syntax {
        case .unstructured:
            self = .unstructured(value)
        case .plain:
            self = .items(try Self.words(value))
        case .keyword(let keywords):
            let items = try Self.words(value)
            let keyword = items.first?.prefix { $0.isLetter || $0.isNumber || $0 == "-" }.lowercased() ?? ""
            guard keywords.contains(keyword) else {
                throw HeaderError(.invalidValue, "this header is one of: \(keywords.joined(separator: ", "))")
            }
            self = .items(items)
        case .exactly(let text):
            guard value == text else { throw HeaderError(.invalidValue, "this header has to be: \(text)") }
            self = .items([value])
        case .date:
            self = .date(try MessageDate(parsing: value))
        case .messageID:
            self = .messageID(try MessageID(value))
        case .identifier:
            self = .items([try MessageID(value).description])
        case .messageIDs:
            self = .items(try Self.messageIDs(value))
        case .links:
            self = .items(try Self.links(value))
        case .listID:
            self = try Self.listID(value)
        case .mailbox:
            self = .mailboxes(try Self.mailboxes(value, isSingle: true))
        case .mailboxes:
            self = .mailboxes(try Self.mailboxes(value, isSingle: false))
        }
    }

    /// Words of ASCII. Text that a receiver would decode is refused, because these fields have no encoding.
    private static func words(_ value: String) throws(HeaderError) -> [String] {
        let words = value.split(whereSeparator: isSpace)
        guard !words.isEmpty, value.utf8.allSatisfy({ $0 < 0x80 }), words.allSatisfy({ !$0.hasPrefix("=?") }),
            words.allSatisfy({ $0.utf8.count <= maximumItemOctets })
        else { throw HeaderError(.invalidValue, "this header holds ASCII text only, and no encoded words") }
        return words.map(String.init)
    }

    private static func messageIDs(_ value: String) throws(HeaderError) -> [String] {
        var scanner = HeaderScanner(value)
        var identifiers: [String] = []
        while let token = try scanner.next() {
            switch token {
            case .bracketed(let identifier) where isItem(identifier) && MessageID.isIdentifier(identifier.utf8):
                identifiers.append(identifier)
            // Some software separates them with commas.
            case .comment, .comma: continue
            default: throw HeaderError(.invalidValue, messageIDsExpected)
            }
        }
        guard !identifiers.isEmpty else { throw HeaderError(.invalidValue, messageIDsExpected) }
        return identifiers
    }

    private static let messageIDsExpected =
        "this header holds message identifiers separated by spaces, such as <1234@example.org>"

    private static func links(_ value: String) throws(HeaderError) -> [String] {
        var scanner = HeaderScanner(value)
        var items: [String] = []
        var needsLink = true
        while let token = try scanner.next() {
            switch token {
            case .bracketed(let text) where needsLink:
                // White space in the brackets counts for nothing (RFC 2369, section 2).
                let link = text.filter { !isSpace($0) }
                guard isLink(link) else { throw HeaderError(.invalidValue, linksExpected) }
                items.append(link)
                needsLink = false
            // Posting is not allowed (RFC 2369, section 3.4).
            case .word("NO") where needsLink && items.isEmpty:
                items.append("NO")
                needsLink = false
            case .comment(let words): items += words
            case .comma where !needsLink && items.first != "NO":
                items[items.count - 1] += ","
                needsLink = true
            default: throw HeaderError(.invalidValue, linksExpected)
            }
        }
        guard !needsLink, items.allSatisfy(isItem) else { throw HeaderError(.invalidValue, linksExpected) }
        return items
    }

    private static let linksExpected =
        "this header holds links in angle brackets separated by commas, such as <https://example.org/u?id=1>, each of which "
        + "a comment in parentheses may follow"

    /// Whether a text fits a line, and is ASCII.
    private static func isItem(_ text: String) -> Bool {
        text.utf8.count <= maximumItemOctets && text.utf8.allSatisfy { $0 < 0x80 }
    }

    /// Whether a text is `<scheme:…>` in printable ASCII (RFC 3986, section 3.1).
    private static func isLink(_ text: String) -> Bool {
        let link = text.utf8.dropFirst().dropLast()
        guard let colon = link.firstIndex(of: UInt8(ascii: ":")), let first = link.first else { return false }
        let isLetter = (first | 0x20) &- UInt8(ascii: "a") < 26
        return isLetter && link[..<colon].allSatisfy(HeaderText.isTokenOctet)
            && link.index(after: colon) != link.endIndex
            && link.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "\"")
            }
    }

    /// A phrase, which may be quoted, and an identifier (RFC 2919, section 2).
    private static func listID(_ value: String) throws(HeaderError) -> HeaderContent {
        let failure = HeaderError(
            .invalidValue,
            "this header ends in an identifier such as <news.example.org>, in front of which a name may stand")
        let value = String(value.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        guard let open = value.lastIndex(of: "<") else { throw failure }
        let identifier = String(value[open...])
        guard isItem(identifier), MessageID.isIdentifier(identifier.utf8) else { throw failure }
        var phrase = String(value[..<open].reversed().drop(while: isSpace).reversed())
        if phrase.utf8.count > 1, phrase.hasPrefix("\""), phrase.hasSuffix("\"") {
            var content = ""
            var isEscaped = false
            for character in phrase.dropFirst().dropLast() {
                guard isEscaped || character != "\"" else { throw failure }
                isEscaped = !isEscaped && character == "\\"
                if !isEscaped { content.append(character) }
            }
            guard !isEscaped else { throw failure }
            phrase = content
        } else if phrase.contains(where: { $0 == "<" || $0 == ">" || $0 == "\"" }) {
            throw failure
        }
        guard !phrase.contains("=?") else { throw failure }
        return .phrase(phrase, identifier: identifier)
    }

    private static func mailboxes(_ value: String, isSingle: Bool) throws(HeaderError) -> [Mailbox] {
        let mailboxes: [Mailbox]
        do throws(AddressError) {
            mailboxes = isSingle ? [try Mailbox(parsing: value)] : try AddressList(parsing: value).mailboxes
        } catch {
            throw HeaderError(.invalidValue, "this header holds addresses; found \(error)")
        }
        guard !mailboxes.isEmpty else { throw HeaderError(.invalidValue, "this header holds an address; give one") }
        return mailboxes
    }

    private static func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
}
