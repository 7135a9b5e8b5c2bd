/// What is wrong with one member of a request, and where it stands.
struct FieldError: Error, Hashable {
    /// The most characters of a pointer, and of each name in it. A longer one ends in an ellipsis: a client can have made
    /// its name as long as the body.
    static let maximumPointerCharacters = 200

    /// A JSON pointer to the member (RFC 6901), empty for the whole document.
    let pointer: String
    /// What is wrong and what to do.
    let detail: String

    init(_ pointer: String, _ detail: String) {
        self.pointer = Self.shortened(pointer)
        self.detail = detail
    }

    /// The same error seen from the member that holds this one.
    func under(_ parent: String) -> FieldError {
        FieldError("/" + Self.escaped(parent) + pointer, detail)
    }

    /// A name as a JSON pointer has it (RFC 6901, section 3).
    static func escaped(_ name: String) -> String {
        let name = shortened(name)
        return name.contains("~") || name.contains("/")
            ? name.replacing("~", with: "~0").replacing("/", with: "~1") : name
    }

    /// The beginning of a text. Unicode scalars are counted, as a character can be made of any number of them.
    static func shortened(_ text: String, to maximum: Int = maximumPointerCharacters) -> String {
        guard text.utf8.count > maximum else { return text }
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: maximum, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return text }
        return String(scalars[..<end]) + "…"
    }
}
