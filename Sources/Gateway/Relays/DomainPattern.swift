internal import MailAddress

/// A domain, or all domains below one: `example.org` or `*.example.org`.
struct DomainPattern: Hashable, Sendable {
    private let domain: String
    private let isBelow: Bool

    /// Nil where it is no domain.
    init?(_ text: String) {
        isBelow = text.hasPrefix("*.")
        let name = isBelow ? text.dropFirst(2) : text[...]
        guard !name.isEmpty, !name.contains(where: { "*@ ".contains($0) }), let labels = Self.aLabels(name) else {
            return nil
        }
        domain = labels.lowercased()
    }

    /// A domain in which each label beyond ASCII is an A-label (RFC 5890), as domains of addresses are; stars stay. Nil if
    /// a label stands for nothing.
    static func aLabels(_ domain: some StringProtocol) -> String? {
        guard !domain.utf8.allSatisfy({ $0 < 0x80 }) else { return String(domain) }
        var labels: [String] = []
        for label in domain.split(omittingEmptySubsequences: false, whereSeparator: { ".。．｡".contains($0) }) {
            if label.utf8.allSatisfy({ $0 < 0x80 }) {
                labels.append(String(label))
            } else {
                guard let address = try? AddrSpec("x@\(label).example") else { return nil }
                labels.append(String(address.domain.dropLast(".example".count)))
            }
        }
        return labels.joined(separator: ".")
    }

    /// Whether a domain, in any case, is meant.
    func matches(_ other: String) -> Bool {
        let other = other.lowercased()
        return isBelow ? other.hasSuffix("." + domain) : other == domain
    }
}
