internal import InternetMessage

/// An attachment of ``SendGridMail``.
struct SendGridAttachment: DecodableWithErrors {
    private enum Member: String, MemberName { case content, filename, type, disposition, contentID = "content_id" }

    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var filename: String?
        var content: Attachment.Content?
        var type: MediaType?
        var contentID: ContentID?
        var disposition: Attachment.Disposition?
        while let member: Member = members.next() {
            switch member {
            case .content: content = members.content()
            case .filename: filename = members.filled()
            case .type: type = members.mediaType("a string such as application/pdf")
            case .contentID: contentID = members.filledContentID()
            case .disposition:
                guard let text = members.filled() else { continue }
                disposition = Attachment.Disposition(rawValue: text.lowercased())
                if disposition == nil { members.refuse("this has to be attachment or inline") }
            }
        }
        attachment = members.attachment(
            content, in: "content", filename: filename, type: type, contentID: contentID, disposition: disposition)
        errors = members.errors
    }
}
