/// Reads `application/x-www-form-urlencoded` as browsers write it and people type it (WHATWG URL, section 5.1). A value
/// without I/O.
enum URLEncodedForm {
    /// Octets of a name. Names are the sender's own words, and none comes near it.
    static let maximumName = 1024

    /// The fields of a form, in their order. A percent sign that escapes nothing stands for itself.
    ///
    /// - Throws: ``HTTPFormError`` if a name is missing, too long, not UTF-8 or contains NUL, or if there are too many
    ///   fields.
    static func parts(_ text: [UInt8], atMost limit: Int) throws(HTTPFormError) -> [HTTPFormPart] {
        var parts: [HTTPFormPart] = []
        let text = text.span
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: "&") { end += 1 }
            defer { start = end + 1 }
            guard end > start else { continue }
            var equals = start
            while equals < end, text[equals] != UInt8(ascii: "=") { equals += 1 }
            guard equals - start <= maximumName else { throw .malformed }
            let name = decoded(text.extracting(start..<equals))
            guard !name.isEmpty, !name.contains(0), let name = String(validating: name, as: UTF8.self) else {
                throw .name
            }
            guard parts.count < limit else { throw .tooManyParts(limit) }
            let value = equals < end ? decoded(text.extracting((equals + 1)..<end)) : []
            parts.append(HTTPFormPart(name: name, filename: nil, contentType: nil, content: value))
        }
        return parts
    }

    private static func decoded(_ text: Span<UInt8>) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "+"): octets.append(Octet.space)
            case UInt8(ascii: "%"):
                if index + 2 < text.count, let high = Octet.hexadecimal(text[index + 1]),
                    let low = Octet.hexadecimal(text[index + 2])
                {
                    octets.append(high << 4 | low)
                    index += 2
                } else {
                    octets.append(UInt8(ascii: "%"))
                }
            case let octet: octets.append(octet)
            }
            index += 1
        }
        return octets
    }
}
