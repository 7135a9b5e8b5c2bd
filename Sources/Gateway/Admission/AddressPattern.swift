internal import Foundation
internal import MailAddress

/// A pattern of addresses: `*` for any, `*@example.org`, `ann@example.org`, `team-*@*.example.org`.
///
/// A domain may be written with characters beyond ASCII: it is compared by its A-labels, as addresses have them.
///
/// A `*` stands for any characters, none included, but never for the `@`. Case does not count, on either side of it: what
/// is allowed must not hang on how a name is written.
struct AddressPattern: Hashable, Sendable {
    private let localPart: [UInt8]
    private let domain: [UInt8]

    /// Reads a pattern; nil if it is none.
    init?(_ text: String) {
        if text == "*" {
            localPart = Array("*".utf8)
            domain = localPart
            return
        }
        guard let at = text.lastIndex(of: "@"), at > text.startIndex, text.index(after: at) < text.endIndex,
            !text.contains(where: { $0.isWhitespace || $0 == "<" || $0 == ">" })
        else { return nil }
        guard let domain = DomainPattern.aLabels(text[text.index(after: at)...]) else { return nil }
        // A name has more than one way to be composed (Unicode, UAX 15); addresses come composed.
        localPart = Self.folded(String(text[..<at]).precomposedStringWithCanonicalMapping)
        self.domain = Self.folded(domain)
    }

    /// Whether an address is one of these.
    func matches(_ address: AddrSpec) -> Bool {
        Self.matches(Self.folded(address.localPart.precomposedStringWithCanonicalMapping), localPart)
            && Self.matches(Self.folded(address.domain), domain)
    }

    private static func folded(_ text: some StringProtocol) -> [UInt8] {
        Array(text.lowercased().utf8)
    }

    /// The text against the pattern, in time that is the product of both at most: after a mismatch only the last star is
    /// tried again.
    private static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        var (at, place) = (0, 0)
        var retry: (at: Int, place: Int)?
        while at < text.count {
            if place < pattern.count, pattern[place] == star {
                place += 1
                retry = (at, place)
            } else if place < pattern.count, pattern[place] == text[at] {
                at += 1
                place += 1
            } else if let last = retry {
                at = last.at + 1
                place = last.place
                retry = (at, place)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == star }
    }
}
