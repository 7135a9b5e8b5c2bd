/// Text of an endpoint, a relay or the system, in a form that can be shown anywhere.
enum ForeignText {
    /// The text in one line, without secrets, with escapes for characters that a terminal could obey, and bounded.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - secrets: what it may not hold, as it is or in percent encoding.
    ///   - limit: the most octets (UTF-8) that are shown.
    static func shown(_ text: String, without secrets: [String], limit: Int = 500) -> String {
        var hidden = text
        // Longer ones first: one secret may be the beginning of another.
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where !secret.isEmpty {
            for form in [secret, FormText.escaped(secret)] { hidden = hidden.replacing(form, with: "[secret]") }
        }
        var shown = ""
        var count = 0
        // A line break is a space, and no more than one.
        var isBreak = false
        for scalar in hidden.unicodeScalars {
            guard scalar != "\r", scalar != "\n" else {
                isBreak = true
                continue
            }
            var piece = isBreak && !shown.isEmpty ? " " : ""
            isBreak = false
            if isActive(scalar) {
                piece += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                piece.unicodeScalars.append(scalar)
            }
            guard count + piece.utf8.count <= limit else { return shown + "…" }
            shown += piece
            count += piece.utf8.count
        }
        return shown
    }

    /// Whether a terminal could obey a character, or the order of the text around it could change: controls of both sets
    /// (ISO 6429), line and paragraph separators, and marks of direction.
    private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
