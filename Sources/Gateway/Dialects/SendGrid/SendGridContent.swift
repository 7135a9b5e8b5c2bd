internal import InternetMessage

/// A form of the body.
struct SendGridContent: DecodableWithErrors {
    private enum Member: String, MemberName { case type, value }

    private(set) var type: MediaType?
    private(set) var value: String?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        while let member: Member = members.next() {
            switch member {
            case .type: type = members.mediaType("a string such as text/plain")
            case .value: value = members.text()
            }
        }
        if type == nil, !members.hasError("/type") { members.add(FieldError("/type", "the type is needed")) }
        if value == nil, !members.hasError("/value") { members.add(FieldError("/value", "the value is needed")) }
        errors = members.errors
    }
}
