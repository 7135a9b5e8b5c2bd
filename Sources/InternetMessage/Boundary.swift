/// What separates the parts of a multipart (RFC 2046, section 5.1.1).
struct Boundary {
    /// How many boundaries are tried. More than one is needed only by content that knows the seed.
    static let maximumAttempts: UInt64 = 100

    /// The octets that all boundaries of a message begin with.
    private let stem: [UInt8]

    /// Makes a boundary that occurs in none of the parts.
    init(seed: MessageSeed, avoiding parts: [BodyPart]) throws(CompositionError) {
        for attempt in 0..<Self.maximumAttempts {
            var stem = Array("=_".utf8)
            seed.derived(attempt).appendHexadecimal(to: &stem)
            if !parts.contains(where: { $0.mayContain(stem) }) {
                self.stem = stem
                return
            }
        }
        throw CompositionError.boundary
    }

    /// The boundary of the multipart of that level. None is the beginning of another.
    func text(level: Int) -> String {
        String(decoding: stem, as: UTF8.self) + "_\(level)"
    }

    /// Whether octets occur in content. They hold `=_` at their beginning only and are random behind it, so a
    /// comparison that fails is short, and hardly ever begun.
    static func occurs(_ octets: Span<UInt8>, in content: Span<UInt8>) -> Bool {
        guard content.count >= octets.count else { return false }
        for start in 0...(content.count - octets.count) where content[start] == octets[0] {
            var length = 1
            while length < octets.count, content[start + length] == octets[length] { length += 1 }
            if length == octets.count { return true }
        }
        return false
    }
}
