/// The header section of a message that was written elsewhere: its fields in their order, octet by octet.
public struct HeaderSection: Hashable, Sendable {
    /// The fields.
    public internal(set) var fields: [RawField]
    /// The empty line behind the fields as it came; empty where the message ended with them.
    let separator: [UInt8]
    /// Whether a line `From …` of a mailbox file stood before the message, and was left out.
    public let hadMailboxLine: Bool

    init(fields: [RawField], separator: [UInt8], hadMailboxLine: Bool) {
        self.fields = fields
        self.separator = separator
        self.hadMailboxLine = hadMailboxLine
    }

    /// The fields of a name; case does not count.
    public func fields(named name: String) -> [RawField] {
        fields.filter { $0.isNamed(name) }
    }

    /// Whether there is a field of that name; case does not count.
    public func contains(_ name: String) -> Bool {
        fields.contains { $0.isNamed(name) }
    }

    /// The section as it stands in the message, the empty line included.
    public var octets: [UInt8] {
        fields.flatMap(\.octets) + separator
    }

    /// Whether the section holds octets beyond ASCII and all of it is UTF-8, so that only a server with SMTPUTF8 can take the
    /// message (RFC 6532).
    public var needsSMTPUTF8: Bool { isEightBit && !holdsOtherCharsets }

    /// Whether a field holds octets that are not UTF-8. No extension of SMTP carries these; servers with 8BITMIME pass them on
    /// as they do in the body.
    public var holdsOtherCharsets: Bool { !fields.allSatisfy(\.isUTF8) }

    private var isEightBit: Bool { fields.contains { $0.octets.contains { $0 >= 0x80 } } }

    /// Removes the fields that name blind copies, `Bcc` and `Resent-Bcc`: they are for the envelope only (RFC 5322,
    /// section 3.6.3).
    public mutating func removeBlindCopies() {
        fields.removeAll { $0.isNamed("Bcc") || $0.isNamed("Resent-Bcc") }
    }

    /// Adds a field behind the others.
    mutating func append(_ field: RawField) {
        // The last line may have come without its end.
        if let last = fields.last, last.octets.last.map(Octet.isLineBreak) != true {
            fields[fields.count - 1] = last.terminated
        }
        fields.append(field)
    }
}
