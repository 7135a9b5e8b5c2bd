/// Text that is looked for in other text, whatever the case of letters.
struct ContainedText: Sendable {
    private let octets: [UInt8]

    init(_ text: String) {
        octets = Array(text.lowercased().utf8)
    }

    func isContained(in text: String) -> Bool {
        guard let first = octets.first else { return true }
        let content = Array(text.lowercased().utf8)
        guard content.count >= octets.count else { return false }
        let last = content.count - octets.count
        var index = 0
        while index <= last {
            if content[index] == first, content[index..<(index + octets.count)] == octets[...] { return true }
            index += 1
        }
        return false
    }
}
