internal import InternetMessage

/// The content of an attachment: text in base64, a list of octets as Python's clients send it, or
/// `{"type": "Buffer", "data": […]}` as Node's do.
struct AttachmentContent: DecodableWithErrors {
    private(set) var content: Attachment.Content?
    private(set) var errors = FieldErrors()

    private struct Buffer: Decodable {
        let type: String
        let data: [UInt8]
    }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            do throws(Base64Error) {
                content = .base64(try Base64Text(text))
            } catch {
                errors.add(FieldError("", error.description))
            }
        } else if let octets = try? value.decode([UInt8].self) {
            content = .octets(octets)
        } else if let buffer = try? value.decode(Buffer.self), buffer.type == "Buffer" {
            content = .octets(buffer.data)
        } else {
            errors.add(FieldError("", "this has to be text in base64, or a list of octets from 0 to 255"))
        }
    }
}
