internal import InternetMessage

/// One of the member `alternatives`: another form of the body, such as an invitation.
struct AlternativeDocument: DecodableWithErrors {
    private enum Member: String, MemberName { case contentType = "content_type", content, encoding }
    private enum Encoding: String { case utf8 = "utf-8", base64 }

    private(set) var alternative: Alternative?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var mediaType: MediaType?
        var encoding: Encoding?
        var text: String?
        while let member: Member = members.next() {
            switch member {
            case .contentType: mediaType = members.mediaType("a string such as text/calendar; method=REQUEST")
            case .content: text = members.text()
            case .encoding: encoding = members.word("\"utf-8\" or \"base64\"")
            }
        }
        if mediaType == nil, !members.hasError("/content_type") {
            members.add(FieldError("/content_type", "an alternative needs its content type"))
        }
        if text == nil, !members.hasError("/content"), !members.hasError("/encoding") {
            members.add(FieldError("/content", "an alternative needs its content"))
        }
        var content = text.map { Alternative.Content.text($0) }
        if encoding == .base64, let text {
            do throws(Base64Error) {
                content = .octets(try Base64Text(text).decoded())
            } catch {
                members.add(FieldError("/content", error.description))
                content = nil
            }
        }
        errors = members.errors
        if let mediaType, let content { alternative = Alternative(contentType: mediaType, content: content) }
    }
}
