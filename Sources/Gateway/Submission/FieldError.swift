/// What is wrong with one member of a request, and where it stands.
struct FieldError: Error, Hashable {
    /// A JSON pointer to the member (RFC 6901), empty for the whole document.
    let pointer: String
    /// What is wrong and what to do.
    let detail: String

    init(_ pointer: String, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    /// The same error seen from the member that holds this one.
    func under(_ parent: String) -> FieldError {
        FieldError("/" + Self.escaped(parent) + pointer, detail)
    }

    /// A name as a JSON pointer has it (RFC 6901, section 3).
    static func escaped(_ name: String) -> String {
        name.contains("~") || name.contains("/")
            ? name.replacing("~", with: "~0").replacing("/", with: "~1") : name
    }
}
