/// The worldwide unique name of a message: the value of `Message-ID` (RFC 5322, section 3.6.4).
public struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// The longest identifier in octets, so that it fits a header line wherever it is quoted.
    public static let maximumOctets = 250

    /// The identifier in its angle brackets.
    public let description: String

    /// Takes an identifier with or without its angle brackets; white space around it counts for nothing.
    ///
    /// Throws a `HeaderError` with the reason `invalidMessageID`.
    public init(_ text: String) throws(HeaderError) {
        let trimmed = Self.trimmed(text)
        let bracketed = trimmed.utf8.first == UInt8(ascii: "<") ? trimmed : "<\(trimmed)>"
        let sides = bracketed.utf8.dropFirst().dropLast()
            .split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard bracketed.utf8.count <= Self.maximumOctets, Self.isIdentifier(bracketed.utf8),
            sides.count == 2, sides.allSatisfy({ !$0.isEmpty })
        else { throw HeaderError(.invalidMessageID) }
        description = bracketed
    }

    /// Makes an identifier whose left side is a random UUID (RFC 9562, section 5.4), for programs that expect one.
    ///
    /// - Parameters:
    ///   - seed: random bits that no other message has.
    ///   - domain: a domain of the author, in ASCII.
    public init(uuid seed: MessageSeed, domain: String) {
        let random = MessageSeed(
            high: seed.high & ~0xF000 | 0x4000, low: seed.low & ~(0b11 << 62) | 0b10 << 62)
        var digits: [UInt8] = []
        random.appendHexadecimal(to: &digits)
        var octets: [UInt8] = []
        octets.reserveCapacity(40 + domain.utf8.count)
        octets.append(UInt8(ascii: "<"))
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { octets.append(UInt8(ascii: "-")) }
            octets.append(digit)
        }
        octets.append(UInt8(ascii: "@"))
        octets.append(contentsOf: domain.utf8)
        octets.append(UInt8(ascii: ">"))
        description = String(decoding: octets, as: UTF8.self)
    }

    init(seed: MessageSeed, domain: String) {
        var octets: [UInt8] = []
        octets.reserveCapacity(36 + domain.utf8.count)
        octets.append(UInt8(ascii: "<"))
        seed.appendHexadecimal(to: &octets)
        octets.append(UInt8(ascii: "@"))
        octets.append(contentsOf: domain.utf8)
        octets.append(UInt8(ascii: ">"))
        description = String(decoding: octets, as: UTF8.self)
    }

    /// The text without spaces and tabs around it. Most have none, and are not taken apart.
    private static func trimmed(_ text: String) -> String {
        func isBlank(_ octet: UInt8?) -> Bool { octet == 0x20 || octet == 0x09 }
        guard isBlank(text.utf8.first) || isBlank(text.utf8.last) else { return text }
        var octets = Array(text.utf8)[...]
        while isBlank(octets.first) { octets.removeFirst() }
        while isBlank(octets.last) { octets.removeLast() }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Whether a text is an identifier in angle brackets. What other software wrote need not hold an `@`.
    static func isIdentifier(_ text: some Collection<UInt8>) -> Bool {
        text.count > 2 && text.first == UInt8(ascii: "<")
            && text.dropFirst().dropLast().allSatisfy(isIdentifierOctet)
            && text.dropFirst(text.count - 1).first == UInt8(ascii: ">")
    }

    /// Printable ASCII without what would end an identifier or begin something else.
    static func isIdentifierOctet(_ octet: UInt8) -> Bool {
        guard octet > 0x20, octet < 0x7F else { return false }
        switch octet {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "\\"), UInt8(ascii: ","), UInt8(ascii: ";"):
            return false
        default:
            return true
        }
    }
}
