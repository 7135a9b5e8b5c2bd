/// The name by which HTML refers to a part, as in `<img src="cid:logo">` (RFC 2045, section 7, and RFC 2392).
public struct ContentID: Hashable, Sendable, CustomStringConvertible {
    /// The longest identifier in octets; it has to fit a header line and a link.
    public static let maximumOctets = 200

    /// The identifier without angle brackets, as it stands behind `cid:`.
    public let description: String

    /// Takes an identifier with or without its angle brackets. It need not hold an `@`, as few writers of HTML use one.
    ///
    /// Throws a `HeaderError` with the reason `invalidContentID`.
    public init(_ text: String) throws(HeaderError) {
        var content = text[...]
        if content.utf8.first == UInt8(ascii: "<"), content.utf8.last == UInt8(ascii: ">"), content.utf8.count > 2 {
            content = content.dropFirst().dropLast()
        }
        guard (1...Self.maximumOctets).contains(content.utf8.count),
            content.utf8.allSatisfy(MessageID.isIdentifierOctet)
        else { throw HeaderError(.invalidContentID) }
        description = String(content)
    }
}
