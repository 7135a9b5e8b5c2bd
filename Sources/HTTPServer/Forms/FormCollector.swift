/// Makes parts of what libmicrohttpd's post processor calls back with. A value without I/O.
struct FormCollector {
    /// What is called back with: a piece of a part, and how far in the part it stands.
    struct Piece {
        var name: String?
        var filename: Name = .absent
        var contentType: String?
        var transferEncoding: String?
        var offset: Int
    }

    /// A name that may be there, or be there and not be UTF-8.
    enum Name: Equatable {
        case absent
        case unreadable
        case text(String)
    }

    private let maximumParts: Int
    private(set) var parts: [HTTPFormPart] = []
    /// Which part the form has come to, counted at the delimiters; and of which one a piece came last. The post processor
    /// itself does not tell an empty part from one whose beginning it calls back with twice.
    private var section = 0
    private var lastSection = -1

    init(maximumParts: Int) {
        self.maximumParts = maximumParts
    }

    /// What comes from here on belongs to the next part.
    mutating func delimiterPassed() {
        section += 1
    }

    /// Takes a piece.
    mutating func take(_ piece: Piece, _ octets: UnsafeRawBufferPointer) throws(HTTPFormError) {
        if section != lastSection {
            lastSection = section
            try begin(piece)
        }
        guard let last = parts.indices.last else { throw .malformed }
        guard parts[last].name == piece.name, Self.filename(piece.filename) == parts[last].filename,
            piece.offset == parts[last].content.count
        else { throw .nested }
        unsafe parts[last].content.append(contentsOf: octets)
    }

    private mutating func begin(_ piece: Piece) throws(HTTPFormError) {
        guard let name = piece.name, !name.isEmpty else { throw .name }
        guard piece.offset == 0 else { throw .malformed }
        if let encoding = piece.transferEncoding, !Self.identities.contains(encoding.lowercased()) {
            throw .encoding(of: name, encoding)
        }
        // The post processor ends a name at the first quote, also at one that is escaped with a backslash.
        if case .text(let filename) = piece.filename, filename.hasSuffix("\\") { throw .filename(of: name) }
        if piece.filename == .unreadable { throw .filename(of: name) }
        guard parts.count < maximumParts else { throw .tooManyParts(maximumParts) }
        parts.append(
            HTTPFormPart(
                name: name, filename: Self.filename(piece.filename), contentType: piece.contentType, content: []))
    }

    /// The encodings that leave the octets as they are (RFC 2045, section 6.2).
    private static let identities: Set<String> = ["7bit", "8bit", "binary"]

    /// A file's name, in which browsers and curl write a double quote as %22 (RFC 7578, section 4.2, and HTML).
    private static func filename(_ name: Name) -> String? {
        guard case .text(let text) = name else { return nil }
        return text.contains("%22") ? text.replacing("%22", with: "\"") : text
    }
}
