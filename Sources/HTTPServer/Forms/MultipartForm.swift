/// Reads `multipart/form-data` (RFC 7578) while it arrives, in pieces of any size. A value without I/O.
struct MultipartForm {
    private enum State {
        /// Before the first delimiter; what stands there is ignored (RFC 2046, section 5.1.1).
        case preamble
        /// After a delimiter, in the rest of its line.
        case delimiterLine
        /// In the header section of a part.
        case header
        case content
        /// After the last delimiter; what stands there is ignored, too.
        case epilogue
    }

    /// Octets of the header section of a part, and of the rest of a delimiter's line. A file name fits, and no more.
    static let maximumHeader = 16 * 1024

    private let maximumParts: Int
    /// Octets of a delimiter with the line break before it.
    private let delimiterLength: Int
    private var delimiters: FormDelimiters
    private var state = State.preamble
    private var line: [UInt8] = []
    private(set) var parts: [HTTPFormPart] = []

    init(boundary: String, maximumParts: Int) {
        delimiters = FormDelimiters(boundary: boundary)
        delimiterLength = boundary.utf8.count + 4
        self.maximumParts = maximumParts
    }

    /// Whether the last delimiter has come.
    var isComplete: Bool {
        if case .epilogue = state { true } else { false }
    }

    /// Takes a piece of the body.
    ///
    /// - Throws: ``HTTPFormError``; then the form is not to be read further.
    mutating func take(_ octets: Span<UInt8>) throws(HTTPFormError) {
        var start = 0
        while start < octets.count {
            switch state {
            case .preamble:
                guard let end = delimiters.next(in: octets.extracting(start..<octets.count)) else { return }
                start += end
                state = .delimiterLine
            case .delimiterLine: try takeDelimiterLine(octets, from: &start)
            case .header: try takeHeader(octets, from: &start)
            case .content:
                let rest = octets.extracting(start..<octets.count)
                let end = delimiters.next(in: rest)
                append(rest.extracting(0..<(end ?? rest.count)))
                start += end ?? rest.count
                guard end != nil else { return }
                // The delimiter was taken for content until it was whole. The line break of an empty part is its header's.
                let count = parts[parts.count - 1].content.count
                parts[parts.count - 1].content.removeLast(min(count, delimiterLength))
                state = .delimiterLine
            case .epilogue: return
            }
        }
    }

    private mutating func append(_ octets: Span<UInt8>) {
        // The closure reads the octets, and keeps nothing of them.
        unsafe octets.withUnsafeBufferPointer { unsafe parts[parts.count - 1].content.append(contentsOf: $0) }
    }

    /// `--` at the end of the form, or blanks and a line break (RFC 2046, section 5.1.1: transport padding).
    private mutating func takeDelimiterLine(_ octets: Span<UInt8>, from index: inout Int) throws(HTTPFormError) {
        while index < octets.count {
            line.append(octets[index])
            index += 1
            if line == [0x2D, 0x2D] {
                line = []
                state = .epilogue
                return
            }
            if line.last == Octet.lineFeed {
                let padding = line.dropLast(2)
                guard line.count > 1, line[line.count - 2] == Octet.carriageReturn, padding.allSatisfy(Octet.isBlank)
                else { throw .malformed }
                line = []
                state = .header
                return
            }
            guard line.count <= Self.maximumHeader else { throw .malformed }
        }
    }

    private mutating func takeHeader(_ octets: Span<UInt8>, from index: inout Int) throws(HTTPFormError) {
        while index < octets.count {
            line.append(octets[index])
            index += 1
            let isEmpty = line.count == 2 || line.dropLast(2).last == Octet.lineFeed
            if line.last == Octet.lineFeed, isEmpty, line[line.count - 2] == Octet.carriageReturn {
                guard parts.count < maximumParts else { throw .tooManyParts(maximumParts) }
                parts.append(try Self.part(line))
                line = []
                delimiters.beginContent()
                state = .content
                return
            }
            guard line.count <= Self.maximumHeader else { throw .malformed }
        }
    }

    /// The part that a header section announces.
    private static func part(_ header: [UInt8]) throws(HTTPFormError) -> HTTPFormPart {
        var disposition: FieldParameters?
        var contentType: String?
        var encoding: String?
        for (name, value) in try fields(header) {
            switch name {
            case "content-disposition":
                guard disposition == nil, let parameters = FieldParameters(value.span) else { throw .name }
                disposition = parameters
            case "content-type": contentType = String(decoding: value, as: UTF8.self)
            case "content-transfer-encoding": encoding = String(decoding: value, as: UTF8.self)
            default: break
            }
        }
        guard let disposition, disposition.value == "form-data", let octets = disposition["name"], !octets.isEmpty,
            octets.allSatisfy(Octet.isFieldValue), let name = String(validating: octets, as: UTF8.self)
        else { throw .name }
        if let encoding, !identities.contains(encoding.lowercased()) { throw .encoding(of: name, encoding) }
        if contentType?.lowercased().hasPrefix("multipart/") == true { throw .nested }
        return HTTPFormPart(
            name: name, filename: try filename(disposition["filename"], of: name), contentType: contentType,
            content: [])
    }

    /// The fields of a header section, names in lower case. A field may be folded.
    private static func fields(_ header: [UInt8]) throws(HTTPFormError) -> [(name: String, value: [UInt8])] {
        var fields: [(name: String, value: [UInt8])] = []
        for line in header.split(separator: Octet.lineFeed) {
            let line = line.last == Octet.carriageReturn ? line.dropLast() : line
            guard let first = line.first else { continue }
            if Octet.isBlank(first) {
                guard !fields.isEmpty else { throw .malformed }
                fields[fields.count - 1].value += [Octet.space] + line.drop(while: Octet.isBlank)
                continue
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = Array(line[(colon + 1)...])
            fields.append((name, value.span.trimmed(value.indices).map { value[$0] }))
        }
        return fields
    }

    /// The encodings that leave the octets as they are (RFC 2045, section 6.2).
    private static let identities: Set<String> = ["7bit", "8bit", "binary"]

    /// A file's name, in which browsers and curl write a double quote as %22 (RFC 7578, section 4.2, and HTML).
    private static func filename(_ octets: [UInt8]?, of part: String) throws(HTTPFormError) -> String? {
        guard let octets else { return nil }
        guard octets.allSatisfy(Octet.isFieldValue), let text = String(validating: octets, as: UTF8.self) else {
            throw .filename(of: part)
        }
        return text.contains("%22") ? text.replacing("%22", with: "\"") : text
    }
}
