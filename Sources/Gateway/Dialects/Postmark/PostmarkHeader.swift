/// A header field of ``PostmarkMessage``.
struct PostmarkHeader: DecodableWithErrors {
    private enum Member: String, MemberName { case name = "Name", value = "Value" }

    /// Nil if the field is not right, or one that the composer writes anyway.
    private(set) var field: (name: String, value: String)?
    private(set) var errors = FieldErrors()

    /// What Ruby's client sends with every message: it exports all header fields of its mail.
    private static let written: Set<String> = ["mime-version", "content-transfer-encoding"]

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var name, value: String?
        while let member: Member = members.next() {
            switch member {
            case .name: name = members.filled()
            // A number or flag stands for its text.
            case .value: value = members.scalar()
            }
        }
        if name == nil, !members.hasError("/Name") { members.add(FieldError("/Name", "the name is needed")) }
        errors = members.errors
        if let name, errors.isEmpty, !Self.written.contains(name.lowercased()) { field = (name, value ?? "") }
    }
}
