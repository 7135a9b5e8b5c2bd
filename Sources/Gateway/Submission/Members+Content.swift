internal import InternetMessage

/// Members that describe content.
extension Members {
    /// A media type, or nil where it is absent, empty or wrong.
    mutating func mediaType(_ name: String, expected: String) -> MediaType? {
        guard let text: String = value(name, expected: expected), !text.isEmpty else { return nil }
        do throws(HeaderError) {
            return try MediaType(text)
        } catch {
            add(FieldError("/" + name, error.description))
            return nil
        }
    }

    /// Content in base64, or nil where it is absent or wrong.
    mutating func base64(_ name: String) -> Base64Text? {
        guard let text: String = value(name, expected: "a string in base64") else { return nil }
        do throws(Base64Error) {
            return try Base64Text(text)
        } catch {
            add(FieldError("/" + name, error.description))
            return nil
        }
    }
}
