internal import InternetMessage

/// One of the member `alternatives`: another form of the body, such as an invitation.
struct AlternativeDocument: DecodableWithErrors {
    private(set) var alternative: Alternative?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["content_type", "content", "encoding"])
        let mediaType = members.mediaType("content_type", expected: "a string such as text/calendar; method=REQUEST")
        if mediaType == nil, !members.hasError("/content_type") {
            members.add(FieldError("/content_type", "an alternative needs its content type"))
        }
        let encoding: String? = members.value("encoding", expected: "\"utf-8\" or \"base64\"")
        var content: Alternative.Content?
        switch encoding {
        case nil, "utf-8":
            let text: String? = members.value("content", expected: "a string")
            content = text.map { .text($0) }
        case "base64":
            content = members.base64("content").map { .octets($0.decoded()) }
        case _?:
            members.add(FieldError("/encoding", "this has to be \"utf-8\" or \"base64\""))
        }
        if content == nil, !members.hasError("/content"), !members.hasError("/encoding") {
            members.add(FieldError("/content", "an alternative needs its content"))
        }
        errors = members.errors
        if let mediaType, let content { alternative = Alternative(contentType: mediaType, content: content) }
    }
}
