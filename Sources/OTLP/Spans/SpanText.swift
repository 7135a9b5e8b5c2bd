/// Text in spans: bounded, and without characters that a terminal could obey.
enum SpanText {
    /// Returns the text in a form that can be shown anywhere.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - limit: how many octets (UTF-8) it may have. What exceeds them is cut off.
    static func shown(_ text: String, limit: Int) -> String {
        // Nearly all texts are plain ASCII.
        if text.utf8.count <= limit, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var shown = ""
        var count = 0
        for scalar in text.unicodeScalars {
            let piece = isActive(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            count += piece.utf8.count
            if count > limit { break }
            shown += piece
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
