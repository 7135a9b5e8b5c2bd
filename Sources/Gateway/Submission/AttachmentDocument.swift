internal import InternetMessage

/// One of the member `attachments`.
struct AttachmentDocument: DecodableWithErrors {
    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["filename", "content", "content_type", "content_id"])
        let filename: String? = members.value("filename", expected: "a string")
        let content = LargeContent.content(for: decoder) ?? members.base64("content")
        if content == nil, !members.hasError("/content") {
            members.add(FieldError("/content", "an attachment needs its content in base64"))
        }
        let mediaType = members.mediaType("content_type", expected: "a string such as application/pdf")
        let contentID: String? = members.value("content_id", expected: "a string")
        var identifier: ContentID?
        if let contentID {
            do throws(HeaderError) {
                identifier = try ContentID(contentID)
            } catch {
                members.add(FieldError("/content_id", error.description))
            }
        }
        if members.errors.isEmpty, let content {
            let contentType = mediaType ?? filename.flatMap { MediaType(ofFile: $0) } ?? .octetStream
            attachment = Attachment(
                filename: filename, content: .base64(content), contentType: contentType, contentID: identifier)
        }
        errors = members.errors
    }
}
