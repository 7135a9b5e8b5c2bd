/// The value and the parameters of a header field such as Content-Type or Content-Disposition (RFC 9110, section 5.6.6;
/// RFC 2183), read as leniently as senders write them: no reader disagrees about what these mean.
struct FieldParameters {
    /// What stands before the first semicolon, in lower case.
    let value: String
    private var parameters: [(name: String, value: [UInt8])] = []

    /// The most parameters of a field. Senders have four or five, and each name is compared with those before.
    private static let maximum = 32

    /// Reads a field's value; nil if a parameter has no name, a quoted string has no end, a name stands twice, or there
    /// are more parameters than ever make sense.
    init?(_ text: Span<UInt8>) {
        var index = 0
        while index < text.count, text[index] != UInt8(ascii: ";") { index += 1 }
        value = text.extracting(text.trimmed(0..<index)).text.lowercased()
        while index < text.count {
            // Empty parameters are skipped, such as one after a semicolon at the end.
            while index < text.count, text[index] == UInt8(ascii: ";") || Octet.isBlank(text[index]) { index += 1 }
            guard index < text.count else { break }
            guard parameters.count < Self.maximum, let parameter = Self.parameter(text, from: &index),
                self[parameter.name] == nil
            else { return nil }
            parameters.append(parameter)
        }
    }

    /// The octets of a parameter, its name in lower case; nil if there is none.
    subscript(name: String) -> [UInt8]? {
        parameters.first { $0.name == name }?.value
    }

    private static func parameter(_ text: Span<UInt8>, from index: inout Int) -> (name: String, value: [UInt8])? {
        let start = index
        while index < text.count, Octet.isToken(text[index]) { index += 1 }
        let name = text.extracting(start..<index).text.lowercased()
        while index < text.count, Octet.isBlank(text[index]) { index += 1 }
        guard !name.isEmpty, index < text.count, text[index] == UInt8(ascii: "=") else { return nil }
        index += 1
        while index < text.count, Octet.isBlank(text[index]) { index += 1 }
        if index < text.count, text[index] == UInt8(ascii: "\"") {
            guard let value = quoted(text, from: &index) else { return nil }
            return (name, value)
        }
        let valueStart = index
        while index < text.count, text[index] != UInt8(ascii: ";") { index += 1 }
        let value = text.trimmed(valueStart..<index)
        return (name, value.map { text[$0] })
    }

    /// A quoted string. A backslash escapes a quote or a backslash and stands for itself elsewhere: browsers write the
    /// paths of files without escaping it.
    private static func quoted(_ text: Span<UInt8>, from index: inout Int) -> [UInt8]? {
        var value: [UInt8] = []
        index += 1
        while index < text.count {
            let octet = text[index]
            if octet == UInt8(ascii: "\"") {
                index += 1
                while index < text.count, Octet.isBlank(text[index]) { index += 1 }
                return index == text.count || text[index] == UInt8(ascii: ";") ? value : nil
            }
            if octet == UInt8(ascii: "\\"), index + 1 < text.count,
                text[index + 1] == UInt8(ascii: "\"") || text[index + 1] == UInt8(ascii: "\\")
            {
                index += 1
            }
            value.append(text[index])
            index += 1
        }
        return nil
    }
}
