internal import OctetSearch

/// Takes a message apart into its parts (RFC 2046, section 5.1), and sorts them into text, HTML and the rest.
struct PartReader {
    /// How deep multiparts may be nested: real messages have five. A part that is deeper stays in one piece.
    private static let maximumDepth = 20
    /// Most parts of a message. What comes after them stays in one piece with the last.
    private static let maximumParts = 1_000

    /// What a part is whose header does not say it.
    enum DefaultType {
        case text
        /// In a digest (RFC 2046, section 5.1.5).
        case message
    }

    private(set) var text: ReceivedPart?
    private(set) var html: ReceivedPart?
    private(set) var others: [ReceivedPart] = []
    private var count = 0

    mutating func read(_ header: ReceivedHeader, as defaultType: DefaultType, depth: Int = 0) {
        let written = header.first("content-type") ?? ""
        let type = ParameterReader(
            written.utf8.contains(UInt8(ascii: "/"))
                ? written : defaultType == .text ? "text/plain" : "message/rfc822")
        let disposition = ParameterReader(header.first("content-disposition") ?? "")
        guard type.value.hasPrefix("multipart/"), depth < Self.maximumDepth,
            let boundary = type.parameter("boundary"), !boundary.isEmpty
        else {
            keep(ReceivedPart(header, type, disposition), isAttachment: disposition.value == "attachment")
            return
        }
        for part in parts(of: header.body, boundary) {
            let isDigest = type.value == "multipart/digest"
            read(ReceivedHeader(part), as: isDigest ? .message : .text, depth: depth + 1)
        }
    }

    private mutating func keep(_ part: ReceivedPart, isAttachment: Bool) {
        let isFile = isAttachment || part.filename != nil
        if part.mediaType == "text/plain", !isFile, text == nil {
            text = part
        } else if part.mediaType == "text/html", !isFile, html == nil {
            html = part
        } else {
            others.append(part)
        }
    }

    /// The octets between the delimiters, without the preamble and the epilogue. The line break before a delimiter belongs to
    /// the delimiter.
    private mutating func parts(of body: ArraySlice<UInt8>, _ boundary: String) -> [ArraySlice<UInt8>] {
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [ArraySlice<UInt8>] = []
        var start: Int?
        // Where the line before the current one ends, without its line break.
        var contentEnd = body.startIndex
        var lines = ReceivedLines(body)
        while let line = lines.next() {
            defer { contentEnd = line.content.upperBound }
            let rest = body[line.content]
            guard rest.starts(with: delimiter) else { continue }
            let tail = rest.dropFirst(delimiter.count)
            let isLast = tail.starts(with: "--".utf8)
            guard tail.dropFirst(isLast ? 2 : 0).allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
            else { continue }
            if let start { parts.append(body[start..<max(start, contentEnd)]) }
            start = isLast ? nil : line.end
            if isLast { return parts }
            count += 1
            if count >= Self.maximumParts { break }
        }
        if let start { parts.append(body[start...]) }
        return parts
    }
}
