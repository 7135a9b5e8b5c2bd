internal import InternetMessage

/// An attachment of ``SendGridMail``.
struct SendGridAttachment: DecodableWithErrors {
    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["content", "filename", "type", "disposition", "content_id"])
        let filename = members.filled("filename")
        let content: AttachmentContent? = members.nested("content", expected: "text in base64")
        let type = members.mediaType("type", expected: "a string such as application/pdf")
        let contentID = members.contentID("content_id")
        let disposition = members.filled("disposition").map { Attachment.Disposition(rawValue: $0.lowercased()) }
        if let disposition, disposition == nil {
            members.add(FieldError("/disposition", "this has to be attachment or inline"))
        }
        attachment = members.attachment(
            content?.content, in: "content", filename: filename, type: type, contentID: contentID,
            disposition: disposition ?? nil)
        errors = members.errors
    }
}
