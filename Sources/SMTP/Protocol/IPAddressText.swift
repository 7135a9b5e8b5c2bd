/// IP addresses as text (RFC 4291, section 2.2).
enum IPAddressText {
    /// The 4 or 16 octets of an address, or nil for what is none.
    static func octets(_ text: String) -> [UInt8]? {
        text.contains(":") ? six(text) : four(Substring(text))
    }

    private static func four(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.allSatisfy({ (1...3).contains($0.utf8.count) }) else { return nil }
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8(part) : nil
        }
        return numbers.count == 4 ? numbers : nil
    }

    private static func six(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        switch halves.count {
        case 1:
            guard let octets = groups(halves[0]), octets.count == 16 else { return nil }
            return octets
        case 2:
            guard let before = groups(halves[0]), let after = groups(halves[1]), before.count + after.count <= 14 else {
                return nil
            }
            return before + [UInt8](repeating: 0, count: 16 - before.count - after.count) + after
        default: return nil
        }
    }

    /// The octets of groups between colons, the last of which may be an IPv4 address.
    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var octets: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let last = four(part) else { return nil }
                octets += last
            } else {
                guard (1...4).contains(part.utf8.count), part.first != "+", let group = UInt16(part, radix: 16) else {
                    return nil
                }
                octets += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        return octets
    }
}
