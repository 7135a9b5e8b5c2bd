internal import InternetMessage

/// An attachment of ``PostmarkMessage``.
struct PostmarkAttachment: DecodableWithErrors {
    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        // PHP's client spells one of them in its own way, and Node's says how to show the file.
        var members = try Members(
            of: decoder,
            known: ["Name", "Content", "ContentType", "ContentID", "ContentId", "ContentLength", "Disposition"])
        let name = members.filled("Name")
        let content: AttachmentContent? = members.nested("Content", expected: "text in base64")
        let type = members.mediaType("ContentType", expected: "a string such as application/pdf")
        // An identifier that does not begin with cid: is that of no inline image.
        let contentID = Self.contentID("ContentID", &members) ?? Self.contentID("ContentId", &members)
        attachment = members.attachment(
            content?.content, in: "Content", filename: name, type: type, contentID: contentID)
        errors = members.errors
    }

    private static func contentID(_ name: String, _ members: inout Members) -> ContentID? {
        guard let text = members.filled(name), text.lowercased().hasPrefix("cid:") else { return nil }
        return members.contentID(name)
    }
}
