internal import InternetMessage
internal import JSON
internal import MailAddress

/// The values of members. Each is nil if it is wrong, which is an error then.
extension Members {
    mutating func text(_ expected: String = "a string") -> String? {
        if value.kind == .string { return cursor.document.text(of: value) }
        refuse("this has to be \(expected)")
        return nil
    }

    /// A string, or what a number, true or false is written as.
    mutating func scalar() -> String? {
        switch value.kind {
        case .number, .true, .false: cursor.document.text(of: value)
        default: text()
        }
    }

    mutating func flag(_ expected: String = "true or false") -> Bool? {
        read(expected)
    }

    /// A member that keeps the errors of what it holds.
    mutating func part<Part: DecodableWithErrors>(_ expected: String, as type: Part.Type = Part.self) -> Part? {
        guard let part: Part = read(expected) else { return nil }
        add(part.errors)
        return part
    }

    /// One of a few words.
    mutating func word<Word: RawRepresentable<String>>(_ expected: String, as type: Word.Type = Word.self) -> Word? {
        guard let text = text(expected) else { return nil }
        let word = Word(rawValue: text)
        if word == nil { refuse("this has to be \(expected)") }
        return word
    }

    /// A list of strings. It is read no further than it could be right.
    mutating func words(maximum: Int, _ expected: String) -> [String]? {
        var words: [String] = []
        if value.kind == .list, value.count <= maximum {
            var elements = elements()
            while let word = elements.text() { words.append(word) }
            if elements.isAtEnd { return words }
        }
        refuse("this has to be \(expected)")
        return nil
    }

    /// An address: a string or an object.
    mutating func address(_ expected: String) -> Mailbox? {
        guard value.kind == .string else { return part(expected, as: AddressDocument.self)?.mailbox }
        guard let text = text(expected) else { return nil }
        do throws(AddressError) {
            return try Mailbox(parsing: text)
        } catch {
            refuse(error.description)
            return nil
        }
    }

    /// A list of addresses, or one address in its place.
    mutating func addresses(_ expected: String = "an address or a list of addresses") -> [Mailbox] {
        guard value.kind == .list else { return address(expected).map { [$0] } ?? [] }
        let (mailboxes, errors) = AddressDocument.mailboxes(elements())
        add(errors)
        return mailboxes
    }

    /// Header fields, in the order of their names, each of which may be wrong for itself.
    mutating func headers() -> [(name: String, value: String)] {
        guard value.kind == .object else {
            refuse("this has to be an object of strings")
            return []
        }
        var headers: [(name: String, value: String)] = []
        var members = Members(cursor.place, cursor)
        while members.advance() {
            if members.value.kind == .string, let text = members.text() {
                headers.append((members.name, text))
            } else {
                members.refuse("the value of a header has to be a string")
            }
        }
        add(members.errors)
        return headers.sorted { $0.name < $1.name }
    }

    /// A media type, or nil if it is empty, too.
    mutating func mediaType(_ expected: String) -> MediaType? {
        guard let text = text(expected), !text.isEmpty else { return nil }
        do throws(HeaderError) {
            return try MediaType(text)
        } catch {
            refuse(error.description)
            return nil
        }
    }

    mutating func contentID() -> ContentID? { text().flatMap { contentID($0) } }

    /// A content identifier of what the member says.
    mutating func contentID(_ text: String) -> ContentID? {
        do throws(HeaderError) {
            return try ContentID(text)
        } catch {
            refuse(error.description)
            return nil
        }
    }

    /// Content in base64. It stays where it stands in the body, unless it has escapes that base64 seldom has.
    mutating func base64() -> Base64Text? {
        if value.kind == .string,
            let content = try? Base64Text(cursor.document.octets[value.octets], notation: .escaped)
        {
            return content
        }
        guard let text = text("a string in base64") else { return nil }
        do throws(Base64Error) {
            return try Base64Text(text)
        } catch {
            refuse(error.description)
            return nil
        }
    }

    /// The elements of the list that is being read. The decoder is needed for objects and lists in it only.
    private mutating func elements() -> Elements {
        let index = cursor.place
        let isFlat = cursor.document.values[(index + 1)..<value.end].allSatisfy { $0.kind == .string }
        return Elements(index, cursor, isFlat ? nil : nestedList())
    }
}
