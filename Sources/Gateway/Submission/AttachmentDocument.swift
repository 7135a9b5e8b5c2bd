internal import InternetMessage

/// One of the member `attachments`.
struct AttachmentDocument: DecodableWithErrors {
    /// What the decoder of a document carries to its attachments: their long contents by their index.
    static let contents = CodingUserInfoKey(rawValue: "postern.contents")

    private(set) var attachment: Attachment?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["filename", "content", "content_type", "content_id"])
        let filename: String? = members.value("filename", expected: "a string")
        let content = Self.content(beside: decoder) ?? members.base64("content")
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

    /// The content of the attachment that is being decoded, if it was read already.
    static func content(beside decoder: any Decoder) -> Base64Text? {
        guard let contents, let texts = decoder.userInfo[contents] as? [Int: Base64Text],
            decoder.codingPath.count == 2, let index = decoder.codingPath[1].intValue
        else { return nil }
        return texts[index]
    }
}
