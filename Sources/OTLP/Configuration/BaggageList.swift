/// Lists of pairs in the form of W3C Baggage: `name=value,name=value`, with values percent-encoded.
enum BaggageList {
    typealias Pair = (name: String, value: String)

    /// Reads a list. Properties (`;` and what follows it) are ignored, and so are empty members.
    ///
    /// - Returns: the decoded pairs, or nil if the text is malformed.
    static func pairs(of text: String) -> [Pair]? {
        var pairs: [Pair] = []
        for member in text.split(separator: ",") {
            let content = member.prefix { $0 != ";" }.trimmed
            if content.isEmpty { continue }
            guard let mark = content.firstIndex(of: "="),
                let name = decoded(content[..<mark].trimmed), !name.isEmpty,
                let value = decoded(content[content.index(after: mark)...].trimmed)
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    /// The text without its percent encoding, or nil if an escape is malformed or the result is not UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard let high = rest.popFirst().flatMap(Hexadecimal.anyCase),
                let low = rest.popFirst().flatMap(Hexadecimal.anyCase)
            else { return nil }
            octets.append(high << 4 | low)
        }
        return String(validating: octets, as: UTF8.self)
    }
}
