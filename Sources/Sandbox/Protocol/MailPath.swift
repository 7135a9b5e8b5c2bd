/// Reads a reverse-path or forward-path (RFC 5321, section 4.1.2) with what must be right for it to have a meaning.
/// Which addresses exist, and whether a domain could, is not the sandbox's business.
enum MailPath {
    /// Octets of a path, its brackets included (RFC 5321, section 4.5.3.1.3).
    static let maximumOctets = 256

    /// Splits what follows `FROM:` or `TO:` into the address between the angle brackets and the text behind them.
    /// A source route is left out, as RFC 5321, appendix C, has it. Nil where there is no such path.
    static func read(_ text: Substring) -> (address: String, rest: Substring)? {
        let octets = text.utf8
        guard octets.first == UInt8(ascii: "<"), let end = closingBracket(octets) else { return nil }
        guard octets.distance(from: octets.startIndex, to: end) < maximumOctets else { return nil }
        var address = text[octets.index(after: octets.startIndex)..<end]
        if address.hasPrefix("@"), let colon = address.utf8.firstIndex(of: Octets.colon) {
            address = address[address.utf8.index(after: colon)...]
        }
        guard isAddress(address) else { return nil }
        return (String(address), text[octets.index(after: end)...])
    }

    /// The first `>` that is not part of a quoted string.
    private static func closingBracket(_ octets: Substring.UTF8View) -> Substring.UTF8View.Index? {
        var isQuoted = false
        var isEscaped = false
        for index in octets.indices {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch octets[index] {
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ">") where !isQuoted: return index
            default: break
            }
        }
        return nil
    }

    /// Whether this is empty, `Postmaster`, or something before and something behind an `@`, without control characters.
    private static func isAddress(_ address: Substring) -> Bool {
        if address.isEmpty || address.lowercased() == "postmaster" { return true }
        guard let at = address.utf8.lastIndex(of: UInt8(ascii: "@")) else { return false }
        let localPart = address[..<at]
        let domain = address[address.utf8.index(after: at)...]
        guard !localPart.isEmpty, !domain.isEmpty, Octets.isPrintable(domain) else { return false }
        // A space, or another at sign, stands in a quoted string only; a control character nowhere.
        if localPart.utf8.count > 2, localPart.hasPrefix("\""), localPart.hasSuffix("\"") {
            return !localPart.utf8.contains { $0 < Octets.space || $0 == 0x7F }
        }
        return Octets.isPrintable(localPart) && !localPart.utf8.contains(UInt8(ascii: "@"))
    }
}
