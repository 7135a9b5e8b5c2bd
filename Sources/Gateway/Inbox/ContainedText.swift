/// A substring to search for, ignoring case.
struct ContainedText: Sendable {
    /// The most characters, counted as Unicode scalars: a search takes the product of both lengths at worst.
    static let maximumCharacters = 200

    private let octets: [UInt8]

    /// Nil for an empty text, which everything contains, and for one that is too long.
    init?(_ text: String) {
        guard (1...Self.maximumCharacters).contains(text.unicodeScalars.count) else { return nil }
        octets = Array(text.lowercased().utf8)
    }

    func isContained(in text: String) -> Bool {
        let content = Array(text.lowercased().utf8)
        guard content.count >= octets.count else { return false }
        let last = content.count - octets.count
        var index = 0
        while index <= last {
            if content[index] == octets[0], content[index..<(index + octets.count)] == octets[...] { return true }
            index += 1
        }
        return false
    }
}
