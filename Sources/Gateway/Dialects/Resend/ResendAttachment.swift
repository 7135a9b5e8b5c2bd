internal import InternetMessage

/// An attachment of ``ResendMessage``.
struct ResendAttachment: DecodableWithErrors {
    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(
            of: decoder, known: ["content", "filename", "path", "content_type", "content_id", "inline_content_id"])
        members.refuse(["path"])
        let filename = members.filled("filename")
        let long = AttachmentDocument.content(beside: decoder)
        // In its place there is an empty string.
        let short: AttachmentContent? = members.nested("content", expected: "text in base64, or a list of octets")
        let content = long.map { .base64($0) } ?? short?.content
        let type = members.mediaType("content_type", expected: "a string such as application/pdf")
        let inlineID = members.contentID("inline_content_id")
        let contentID = members.contentID("content_id") ?? inlineID
        attachment = members.attachment(
            content, in: "content", filename: filename, type: type, contentID: contentID)
        errors = members.errors
    }
}
