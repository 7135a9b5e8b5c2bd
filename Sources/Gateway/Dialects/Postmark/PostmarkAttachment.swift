internal import InternetMessage

/// An attachment of ``PostmarkMessage``.
struct PostmarkAttachment: DecodableWithErrors {
    /// PHP's client spells one of them in its own way, and Node's says how to show the file.
    private enum Member: String, MemberName {
        case name = "Name", content = "Content", type = "ContentType", contentID = "ContentID"
        case otherContentID = "ContentId", length = "ContentLength", disposition = "Disposition"
    }

    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var name: String?
        var content: Attachment.Content?
        var type: MediaType?
        var contentID: ContentID?
        while let member: Member = members.next() {
            switch member {
            case .name: name = members.filled()
            case .content: content = members.content()
            case .type: type = members.mediaType("a string such as application/pdf")
            case .contentID, .otherContentID:
                // An identifier that does not begin with cid: is that of no inline image.
                guard let text = members.filled(), text.lowercased().hasPrefix("cid:") else { continue }
                contentID = members.contentID(String(text.dropFirst(4))) ?? contentID
            case .length, .disposition: break
            }
        }
        attachment = members.attachment(content, in: "Content", filename: name, type: type, contentID: contentID)
        errors = members.errors
    }
}
