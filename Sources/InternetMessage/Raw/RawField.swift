internal import MailAddress

/// A header field as it stands in a message (RFC 5322, section 2.2), kept octet by octet.
public struct RawField: Hashable, Sendable {
    /// The name as it was written, without the white space that may stand before the colon (RFC 5322, section 4.5).
    public let name: String
    /// The whole field: name, colon, value, and each of its lines with the line break that it came with.
    public let octets: [UInt8]
    private let valueStart: Int

    init(name: String, octets: [UInt8], valueStart: Int) {
        self.name = name
        self.octets = octets
        self.valueStart = valueStart
    }

    /// A field that is written here, from a value that cannot hold a line break.
    init(name: StaticString, value: String) {
        self.name = name.description
        let start = Array("\(name): ".utf8)
        valueStart = start.count
        octets = start + Array(value.utf8) + [Octet.carriageReturn, Octet.lineFeed]
    }

    /// The same value under another name.
    func named(_ name: StaticString) -> RawField {
        let start = Array("\(name):".utf8)
        return RawField(
            name: name.description, octets: start + octets[valueStart...], valueStart: start.count)
    }

    /// The same field with another address in its angle brackets, the display name octet for octet; nil if it has no brackets.
    func withAddress(_ address: AddrSpec) -> RawField? {
        guard let end = octets.lastIndex(of: UInt8(ascii: ">")),
            let start = octets[valueStart..<end].lastIndex(of: UInt8(ascii: "<"))
        else { return nil }
        return RawField(
            name: name, octets: octets[...start] + Array(address.description.utf8) + octets[end...],
            valueStart: valueStart)
    }

    /// The same field with an end to its last line.
    var terminated: RawField {
        RawField(name: name, octets: octets + [Octet.carriageReturn, Octet.lineFeed], valueStart: valueStart)
    }

    /// Whether the field has that name; case does not count.
    public func isNamed(_ other: String) -> Bool {
        name.utf8.elementsEqual(other.utf8) { Octet.lowercased($0) == Octet.lowercased($1) }
    }

    /// Whether the field is UTF-8, as ASCII is (RFC 6532, section 3.1).
    public var isUTF8: Bool { String(validating: octets, as: UTF8.self) != nil }

    /// The value as ``value`` has it, with U+FFFD in place of octets that are not UTF-8.
    public var repairedValue: String {
        let unfolded = octets[valueStart...].filter { !Octet.isLineBreak($0) }
        guard let start = unfolded.firstIndex(where: { !Octet.isWhiteSpace($0) }),
            let end = unfolded.lastIndex(where: { !Octet.isWhiteSpace($0) })
        else { return "" }
        return String(decoding: unfolded[start...end], as: UTF8.self)
    }

    /// The value unfolded (RFC 5322, section 2.2.3) and without white space around it; nil if it is not UTF-8.
    public var value: String? { isUTF8 ? repairedValue : nil }
}
