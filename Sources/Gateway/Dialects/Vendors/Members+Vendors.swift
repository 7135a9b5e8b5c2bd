internal import InternetMessage
internal import MailAddress

/// What the documents of vendors' APIs have in common.
extension Members {
    /// Those of some fields that say anything.
    mutating func present(_ names: [String]) -> [String] {
        names.filter { isPresent($0) }
    }

    /// Refuses fields that would change what is sent, or when.
    mutating func refuse(_ names: [String]) {
        for name in present(names) {
            add(FieldError("/" + name, "\(name) is not supported; leave it out"))
        }
    }

    /// A text that says nothing if it is empty.
    mutating func filled(_ name: String) -> String? {
        guard let text = text(name), !text.isEmpty else { return nil }
        return text
    }

    /// The mailboxes in a text with commas.
    mutating func mailboxes(_ name: String) -> [Mailbox] { textAndMailboxes(name).mailboxes }

    /// A text with commas, nil if there is none, and the mailboxes in it.
    mutating func textAndMailboxes(_ name: String) -> (text: String?, mailboxes: [Mailbox]) {
        guard let text = filled(name) else { return (nil, []) }
        do throws(AddressError) {
            return (text, try AddressList(parsing: text).mailboxes)
        } catch {
            add(FieldError("/" + name, error.description))
            return (text, [])
        }
    }

    /// The mailboxes of a list; an empty text in its place says that there are none.
    mutating func addressList(_ name: String) -> [Mailbox] {
        if let beginning = beginning(of: name) {
            guard beginning == UInt8(ascii: "\"") else {
                return addresses(name, expected: "an address or a list of addresses")?.mailboxes ?? []
            }
            guard let text = filled(name) else { return [] }
            let document = AddressListDocument(AddressDocument(text))
            add(document.errors, under: name)
            return document.mailboxes
        }
        guard isPresent(name) else { return [] }
        return addresses(name, expected: "an address or a list of addresses")?.mailboxes ?? []
    }

    /// Header fields. An empty list says that there are none: PHP writes an empty object like that.
    mutating func headers(_ name: String) -> [(name: String, value: String)] {
        if let beginning = beginning(of: name) {
            // Whatever is no object is read once, and has to be empty.
            if beginning != UInt8(ascii: "{") {
                if isPresent(name) { add(FieldError("/" + name, "this has to be an object of strings")) }
                return []
            }
        } else if !isPresent(name) {
            return []
        }
        let headers: HeadersDocument? = nested(name, expected: "an object of strings")
        return headers?.headers ?? []
    }

    private mutating func isPresent(_ name: String) -> Bool {
        value(name, as: FieldPresence.self, expected: "a value")?.isPresent ?? false
    }

    /// An attachment of what was read of it, or nil if something is wrong with it or it has no content. Without a type it
    /// has that of its file name's ending.
    ///
    /// - Parameter member: what the vendor calls the content.
    mutating func attachment(
        _ content: Attachment.Content?, in member: String, filename: String?, type: MediaType?, contentID: ContentID?,
        disposition: Attachment.Disposition? = nil
    ) -> Attachment? {
        if content == nil, errors.isEmpty { add(FieldError("/" + member, "an attachment needs its content")) }
        guard errors.isEmpty, let content else { return nil }
        return Attachment(
            filename: filename, content: content,
            contentType: type ?? filename.flatMap { MediaType(ofFile: $0) } ?? .octetStream, contentID: contentID,
            disposition: disposition)
    }

    /// A content identifier, with or without `cid:` and angle brackets; nil if there is none.
    mutating func contentID(_ name: String) -> ContentID? {
        guard var text = filled(name) else { return nil }
        if text.lowercased().hasPrefix("cid:") { text.removeFirst(4) }
        do throws(HeaderError) {
            return try ContentID(text)
        } catch {
            add(FieldError("/" + name, error.description))
            return nil
        }
    }
}
