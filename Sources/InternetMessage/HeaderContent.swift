internal import MailAddress

/// The checked value of a header field, in the form in which it is written.
enum HeaderContent: Hashable, Sendable {
    /// Text that is folded at spaces or encoded.
    case unstructured(String)
    /// Items that are never split, with what stands between them; lines are folded between items.
    case items([String], separator: String)
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
            self = .items(try Self.words(value), separator: "")
        case .keyword(let keywords):
            let items = try Self.words(value)
            let keyword = items.first?.prefix { $0.isLetter || $0.isNumber || $0 == "-" }.lowercased() ?? ""
            guard keywords.contains(keyword) else {
                throw HeaderError(.invalidValue, "this header is one of: \(keywords.joined(separator: ", "))")
            }
            self = .items(items, separator: "")
        case .exactly(let text):
            guard value == text else { throw HeaderError(.invalidValue, "this header has to be: \(text)") }
            self = .items([value], separator: "")
        case .date:
            self = .date(try MessageDate(parsing: value))
        case .messageID:
            self = .messageID(try MessageID(value))
        case .identifier:
            self = .items([try MessageID(value).description], separator: "")
        case .messageIDs:
            self = .items(try Self.messageIDs(value), separator: "")
        case .links:
            self = .items(try Self.links(value), separator: ",")
        case .listID:
            self = .items(try Self.listID(value), separator: "")
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
        let identifiers = value.split(whereSeparator: isSpace)
        guard !identifiers.isEmpty,
            identifiers.allSatisfy({ $0.utf8.count <= maximumItemOctets && MessageID.isIdentifier($0.utf8) })
        else {
            throw HeaderError(
                .invalidValue, "this header holds message identifiers separated by spaces, such as <1234@example.org>")
        }
        return identifiers.map(String.init)
    }

    private static func links(_ value: String) throws(HeaderError) -> [String] {
        if value == "NO" { return [value] }  // RFC 2369, section 3.4: posting is not allowed
        let links = value.split(separator: ",", omittingEmptySubsequences: false).map { $0.drop(while: isSpace) }
        let trimmed = links.map { String($0.reversed().drop(while: isSpace).reversed()) }
        guard trimmed.allSatisfy(isLink) else {
            throw HeaderError(
                .invalidValue,
                "this header holds links in angle brackets separated by commas, such as <https://example.org/u?id=1>; "
                    + "write a comma inside a link as %2C")
        }
        return trimmed
    }

    /// Whether a text is `<scheme:…>` in printable ASCII (RFC 3986, section 3.1).
    private static func isLink(_ text: String) -> Bool {
        guard text.utf8.count <= maximumItemOctets, text.hasPrefix("<"), text.hasSuffix(">") else { return false }
        let link = text.utf8.dropFirst().dropLast()
        guard let colon = link.firstIndex(of: UInt8(ascii: ":")), let first = link.first else { return false }
        let isLetter = (first | 0x20) &- UInt8(ascii: "a") < 26
        return isLetter && link[..<colon].allSatisfy(HeaderText.isTokenOctet)
            && link.index(after: colon) != link.endIndex
            && link.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "\"")
            }
    }

    private static func listID(_ value: String) throws(HeaderError) -> [String] {
        let items = try words(value)
        guard let last = items.last, MessageID.isIdentifier(last.utf8),
            items.dropLast().allSatisfy({ !$0.contains("<") && !$0.contains(">") })
        else { throw HeaderError(.invalidValue, "this header ends in an identifier such as <news.example.org>") }
        return items
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
