/// The path of an endpoint, in which a segment such as `{id}` stands for any other.
struct EndpointPath: Sendable {
    /// The path as it was declared: what metrics and traces call it.
    let text: String
    /// Whether it stands for itself alone.
    let isLiteral: Bool
    private let segments: [String]

    init(_ text: String) {
        self.text = text
        isLiteral = !text.contains("{")
        segments = Self.split(text)
    }

    /// Octets are compared, as a character can be made of a slash and what follows it.
    private static func split(_ path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// What the segments in braces stand for in a path, in their order; nil if it is not one of these.
    func values(in path: String) -> [String]? {
        let parts = Self.split(path)
        guard parts.count == segments.count else { return nil }
        var values: [String] = []
        for (segment, part) in zip(segments, parts) {
            if segment.hasPrefix("{") {
                guard !part.isEmpty else { return nil }
                values.append(part)
            } else if segment != part {
                return nil
            }
        }
        return values
    }
}
