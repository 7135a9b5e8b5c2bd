internal import InternetMessage

/// One of the member `attachments`.
struct AttachmentDocument: DecodableWithErrors {
    private enum Member: String, MemberName {
        case filename, content, contentType = "content_type", contentID = "content_id"
    }

    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var filename: String?
        var content: Base64Text?
        var type: MediaType?
        var identifier: ContentID?
        while let member: Member = members.next() {
            switch member {
            case .filename: filename = members.text()
            case .content: content = members.base64()
            case .contentType: type = members.mediaType("a string such as application/pdf")
            case .contentID: identifier = members.contentID()
            }
        }
        if content == nil, !members.hasError("/content") {
            members.add(FieldError("/content", "an attachment needs its content in base64"))
        }
        if members.areRight, let content {
            attachment = Attachment(
                filename: filename, content: .base64(content),
                contentType: type ?? filename.flatMap { MediaType(ofFile: $0) } ?? .octetStream,
                contentID: identifier)
        }
        errors = members.errors
    }
}
