/// A header field of ``PostmarkMessage``.
struct PostmarkHeader: DecodableWithErrors {
    /// Nil if the field is not right, or one that the composer writes anyway.
    private(set) var field: (name: String, value: String)?
    private(set) var errors = FieldErrors()

    /// What Ruby's client sends with every message: it exports all header fields of its mail.
    private static let written: Set<String> = ["mime-version", "content-transfer-encoding"]

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["Name", "Value"])
        let name = members.filled("Name")
        let value: Scalar? = members.value("Value", expected: "a string")
        if name == nil, !members.hasError("/Name") { members.add(FieldError("/Name", "the name is needed")) }
        errors = members.errors
        if let name, errors.isEmpty, !Self.written.contains(name.lowercased()) { field = (name, value?.text ?? "") }
    }

    /// A text, or a number or flag that stands for one.
    private struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let flag = try? value.decode(Bool.self) {
                text = String(flag)
            } else if let number = try? value.decode(Int.self) {
                text = String(number)
            } else if let number = try? value.decode(Double.self) {
                text = String(number)
            } else {
                text = try value.decode(String.self)
            }
        }
    }
}
