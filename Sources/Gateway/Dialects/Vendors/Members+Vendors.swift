internal import InternetMessage
internal import JSON
internal import MailAddress

/// What the documents of vendors' APIs have in common.
extension Members {
    /// Whether the member says anything. Some clients send all fields that they know, and an empty value for what their caller
    /// left out.
    mutating func isFilled() -> Bool {
        switch value.kind {
        case .object, .list: value.count > 0
        case .string: text().map { !$0.isEmpty && $0 != "None" } ?? false
        case .false, .null: false
        case .true, .number: true
        }
    }

    /// Refuses a field that would change what is sent, or when.
    mutating func refuseIfFilled() {
        if isFilled() { refuse("\(name) is not supported; leave it out") }
    }

    /// A text that says nothing if it is empty.
    mutating func filled() -> String? {
        guard let text = text(), !text.isEmpty else { return nil }
        return text
    }

    /// The mailboxes in a text with commas.
    mutating func mailboxes() -> [Mailbox] { textAndMailboxes().mailboxes }

    /// A text with commas, nil if there is none, and the mailboxes in it.
    mutating func textAndMailboxes() -> (text: String?, mailboxes: [Mailbox]) {
        guard let text = filled() else { return (nil, []) }
        do throws(AddressError) {
            return (text, try AddressList(parsing: text).mailboxes)
        } catch {
            refuse(error.description)
            return (text, [])
        }
    }

    /// The mailboxes of a list, or one; what is empty says that there are none.
    mutating func filledAddresses() -> [Mailbox] {
        if value.kind == .string ? value.octets.isEmpty : !isFilled() { return [] }
        return addresses()
    }

    /// Header fields. An empty list says that there are none: PHP writes an empty object like that.
    mutating func filledHeaders() -> [(name: String, value: String)] {
        value.kind == .object || isFilled() ? headers() : []
    }

    /// A content identifier, with or without `cid:` and angle brackets; nil if there is none.
    mutating func filledContentID() -> ContentID? {
        guard let text = filled() else { return nil }
        return contentID(text.lowercased().hasPrefix("cid:") ? String(text.dropFirst(4)) : text)
    }

    /// The content of an attachment: text in base64, a list of octets as Python's clients send it, or
    /// `{"type": "Buffer", "data": […]}` as Node's do.
    mutating func content() -> Attachment.Content? {
        let expected = "text in base64, or a list of octets from 0 to 255"
        switch value.kind {
        case .string: return base64().map { .base64($0) }
        case .list: return octets(expected).map { .octets($0) }
        default:
            guard let buffer: Buffer = part(expected) else { return nil }
            if buffer.octets == nil { refuse("this has to be \(expected)") }
            return buffer.octets.map { .octets($0) }
        }
    }

    private struct Buffer: DecodableWithErrors {
        enum Member: String, MemberName { case type, data }

        private(set) var octets: [UInt8]?
        /// Whatever it is, it says as a whole whether it is right.
        let errors = FieldErrors()

        init(from decoder: any Decoder) throws {
            var members = try Members(of: decoder)
            var type: String?
            while let member: Member = members.next() {
                switch member {
                case .type: type = members.text()
                case .data: octets = members.octets("a list of octets")
                }
            }
            if type != "Buffer" { octets = nil }
        }
    }

    private mutating func octets(_ expected: String) -> [UInt8]? {
        // The decoder gets no strings, and objects as lists: it would take `["x", 1]` for `[1]`, and `{"a": 1}` as well.
        guard value.kind == .list, value.end == cursor.place + 1 else {
            refuse("this has to be \(expected)")
            return nil
        }
        return read(expected)
    }

    /// An attachment of what was read of it, or nil if something is wrong with it or it has no content. Without a type it
    /// has that of its file name's ending.
    ///
    /// - Parameter member: what the vendor calls the content.
    mutating func attachment(
        _ content: Attachment.Content?, in member: String, filename: String?, type: MediaType?, contentID: ContentID?,
        disposition: Attachment.Disposition? = nil
    ) -> Attachment? {
        if content == nil, areRight { add(FieldError("/" + member, "an attachment needs its content")) }
        guard areRight, let content else { return nil }
        return Attachment(
            filename: filename, content: content,
            contentType: type ?? filename.flatMap { MediaType(ofFile: $0) } ?? .octetStream, contentID: contentID,
            disposition: disposition)
    }
}
