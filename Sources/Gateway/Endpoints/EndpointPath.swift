/// The path of an endpoint, in which a segment such as `{id}` stands for any other.
struct EndpointPath: Sendable {
    /// The path as it was declared: what metrics and traces call it.
    let text: String
    /// Whether it stands for itself alone.
    let isLiteral: Bool
    private let segments: [Substring]

    init(_ text: String) {
        self.text = text
        isLiteral = !text.contains("{")
        segments = text.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// What the segments in braces stand for in a path, in their order; nil if it is not one of these.
    func values(in path: String) -> [String]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == segments.count else { return nil }
        var values: [String] = []
        for (segment, part) in zip(segments, parts) {
            if segment.hasPrefix("{") {
                guard !part.isEmpty else { return nil }
                values.append(String(part))
            } else if segment != part {
                return nil
            }
        }
        return values
    }
}
