internal import InternetMessage

/// An attachment of ``ResendMessage``.
struct ResendAttachment: DecodableWithErrors {
    private enum Member: String, MemberName {
        case content, filename, path, type = "content_type", contentID = "content_id"
        case inlineContentID = "inline_content_id"
    }

    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var filename: String?
        var content: Attachment.Content?
        var type: MediaType?
        var contentID, inlineContentID: ContentID?
        while let member: Member = members.next() {
            switch member {
            case .content: content = members.content()
            case .filename: filename = members.filled()
            case .path: members.refuseIfFilled()
            case .type: type = members.mediaType("a string such as application/pdf")
            case .contentID: contentID = members.filledContentID()
            case .inlineContentID: inlineContentID = members.filledContentID()
            }
        }
        attachment = members.attachment(
            content, in: "content", filename: filename, type: type, contentID: contentID ?? inlineContentID)
        errors = members.errors
    }
}
