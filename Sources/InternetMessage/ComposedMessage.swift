/// A message as octets, ready for the content of an SMTP transaction before dots are stuffed.
public struct ComposedMessage: Hashable, Sendable {
    /// Header section, empty line and body. Every line ends in CRLF, but for the last of the body, which is as given;
    /// no line is longer than 998 octets (RFC 5322, section 2.1.1).
    public private(set) var octets: [UInt8]

    /// The identifier that the message bears: the one given, or the one made for it.
    public let messageID: MessageID

    /// Whether the body holds octets above 127, so that only a server with 8BITMIME can take it (RFC 6152).
    public let isEightBit: Bool

    /// Whether the header section holds UTF-8, so that only a server with SMTPUTF8 can take it (RFC 6532).
    public let needsSMTPUTF8: Bool

    /// Puts header fields in front of all others.
    mutating func prepend(_ fields: [UInt8]) {
        octets.insert(contentsOf: fields, at: 0)
    }
}
