internal import Foundation
internal import InternetMessage

/// One of the member `attachments`.
struct AttachmentDocument: DecodableWithErrors {
    private(set) var attachment: Attachment?
    private(set) var errors: [FieldError] = []

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["filename", "content", "content_type", "content_id"])
        let filename: String? = members.value("filename", expected: "a string")
        let content: String? = members.value("content", expected: "a string in base64")
        let type: String? = members.value("content_type", expected: "a string such as application/pdf")
        let contentID: String? = members.value("content_id", expected: "a string")
        var bytes: [UInt8] = []
        if let content {
            // Line breaks are allowed; anything else that is not base64 is an error, not something to pass over.
            let joined = content.contains(where: \.isNewline) ? content.filter { !$0.isNewline } : content
            if let data = Data(base64Encoded: joined) {
                bytes = Array(data)
            } else {
                members.add(FieldError("/content", "this is not base64"))
            }
        } else if !members.errors.contains(where: { $0.pointer == "/content" }) {
            members.add(FieldError("/content", "an attachment needs its content in base64"))
        }
        var mediaType = MediaType.octetStream
        if let type {
            do throws(HeaderError) {
                mediaType = try MediaType(type)
            } catch {
                members.add(FieldError("/content_type", error.description))
            }
        }
        var identifier: ContentID?
        if let contentID {
            do throws(HeaderError) {
                identifier = try ContentID(contentID)
            } catch {
                members.add(FieldError("/content_id", error.description))
            }
        }
        if members.errors.isEmpty {
            attachment = Attachment(filename: filename, content: bytes, contentType: mediaType, contentID: identifier)
        }
        errors = members.errors
    }
}
