internal import InternetMessage
internal import JSON
internal import MailAddress

/// The values of members. Each is nil if it is wrong, which is an error then.
extension Members {
    mutating func text(_ expected: String = "a string") -> String? {
        switch value.kind {
        case .longString: return cursor.document.text(of: value)
        case .string: return take(expected) { try $0.decode(String.self) }
        default:
            refuse("this has to be \(expected)")
            return nil
        }
    }

    /// A string, or what a number, true or false is written as.
    mutating func scalar() -> String? {
        switch value.kind {
        case .number, .true, .false: cursor.document.text(of: value)
        default: text()
        }
    }

    mutating func flag(_ expected: String = "true or false") -> Bool? {
        take(expected) { try $0.decode(Bool.self) }
    }

    /// A member that keeps the errors of what it holds.
    mutating func part<Part: DecodableWithErrors>(_ expected: String, as type: Part.Type = Part.self) -> Part? {
        guard let part = take(expected, { try $0.decode(type) }) else { return nil }
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
        guard value.kind == .list, value.count <= maximum else {
            refuse("this has to be \(expected)")
            return nil
        }
        return take(expected) { try $0.decode([String].self) }
    }

    /// An address: a string or an object.
    mutating func address(_ expected: String) -> Mailbox? {
        guard value.kind == .string || value.kind == .longString else {
            return part(expected, as: AddressDocument.self)?.mailbox
        }
        guard let text = text(expected) else { return nil }
        let address = AddressDocument(text)
        add(address.errors)
        return address.mailbox
    }

    /// A list of addresses, or one address in its place.
    mutating func addresses(_ expected: String = "an address or a list of addresses") -> [Mailbox] {
        guard value.kind == .list else { return address(expected).map { [$0] } ?? [] }
        guard let elements = elements() else { return [] }
        let (mailboxes, errors) = AddressDocument.mailboxes(elements)
        add(errors)
        return mailboxes
    }

    /// Header fields, in the order of their names, each of which may be wrong for itself.
    mutating func headers() -> [(name: String, value: String)] {
        let index = cursor.place
        guard value.kind == .object else {
            refuse("this has to be an object of strings")
            return []
        }
        guard let list = take("an object of strings", { try $0.nestedUnkeyedContainer() }) else { return [] }
        var headers: [(name: String, value: String)] = []
        var members = Members(index, cursor, list)
        while members.advance() {
            if members.value.kind == .string || members.value.kind == .longString, let text = members.text() {
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

    /// Content in base64. If it is long it stays where it stands in the body.
    mutating func base64() -> Base64Text? {
        if value.kind == .longString,
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

    /// The elements of a list.
    private mutating func elements() -> Elements? {
        let index = cursor.place
        return take("a list") { try $0.nestedUnkeyedContainer() }.map { Elements(index, cursor, $0) }
    }

    /// Has the decoder read the value.
    mutating func take<Value>(
        _ expected: String, _ read: (inout any UnkeyedDecodingContainer) throws -> Value
    ) -> Value? {
        guard isUnread else {
            refuse("this has to be \(expected)")
            return nil
        }
        do {
            let value = try read(&list)
            isUnread = false
            return value
        } catch {
            refuse("this has to be \(expected)")
            return nil
        }
    }
}
