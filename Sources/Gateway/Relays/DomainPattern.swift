/// A domain, or all domains below one: `example.org` or `*.example.org`.
struct DomainPattern: Hashable, Sendable {
    private let domain: String
    private let isBelow: Bool

    /// Nil where it is no domain.
    init?(_ text: String) {
        isBelow = text.hasPrefix("*.")
        domain = (isBelow ? String(text.dropFirst(2)) : text).lowercased()
        guard !domain.isEmpty, !domain.contains(where: { "*@ ".contains($0) }) else { return nil }
    }

    /// Whether a domain, in any case, is meant.
    func matches(_ other: String) -> Bool {
        let other = other.lowercased()
        return isBelow ? other.hasSuffix("." + domain) : other == domain
    }
}
