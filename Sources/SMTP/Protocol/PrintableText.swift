/// Text of a server in a form that can be shown anywhere.
public enum PrintableText {
    /// The text with every character shown as an escape that a terminal could obey or that changes the order of what stands
    /// around it: controls of both sets (ISO 6429), line and paragraph separators, and marks of direction.
    ///
    /// - Parameters:
    ///   - line: the text.
    ///   - keepsASCII: whether ASCII but DEL stays as it is, because it is escaped elsewhere.
    public static func shown(_ line: String, keepsASCII: Bool = false) -> String {
        func isActive(_ scalar: Unicode.Scalar) -> Bool {
            !(keepsASCII && scalar.value < 0x7F) && Self.isActive(scalar)
        }
        guard line.unicodeScalars.contains(where: isActive) else { return line }
        var shown = ""
        for scalar in line.unicodeScalars {
            guard isActive(scalar) else {
                shown.unicodeScalars.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            if scalar.value < 0x100 {
                shown += "\\x" + (scalar.value < 16 ? "0" : "") + digits
            } else {
                shown += "\\u{" + digits + "}"
            }
        }
        return shown
    }

    private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
