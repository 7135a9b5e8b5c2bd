internal import MailAddress

/// A header field that a caller adds to a message (RFC 5322, section 2.2).
///
///     let field = try HeaderField(name: "X-Campaign", value: "Frühling")
///
/// A field that could not be written, or may not be (`HeaderPolicy`), cannot be built. A value is plain text: it is
/// never read as encoded words, and what is not ASCII is encoded when it is written (RFC 2047).
public struct HeaderField: Hashable, Sendable {
    /// The longest name in octets: it fits a line of 78 with its colon.
    public static let maximumNameOctets = 76
    /// The longest value in octets of UTF-8.
    public static let maximumValueOctets = HeaderText.maximumOctets

    /// The name as it was given.
    public let name: String
    /// The value as it was given.
    public let value: String

    /// Where the composer writes a field.
    enum Place {
        /// In the block of a message that is introduced again, in front of all others (RFC 5322, section 3.6.6).
        case resentBlock
        /// Instead of the field that the composer would have written.
        case composed
        /// Behind the fields that the composer writes.
        case additional
    }

    let content: HeaderContent
    let place: Place

    /// Checks name and value. A tab is allowed in a value, other control characters are not.
    ///
    /// Throws a `HeaderError` that says what is wrong and what to do.
    public init(name: String, value: String) throws(HeaderError) {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }) else {
            throw HeaderError(.invalidName)
        }
        guard name.utf8.count <= Self.maximumNameOctets else { throw HeaderError(.nameTooLong) }
        if let refusal = HeaderPolicy.refusal(of: name) { throw HeaderError(.refusedName, refusal.description) }
        let syntax = HeaderPolicy.syntax(of: name)
        // References are copied from other messages, and with them their folds.
        let value = if case .messageIDs = syntax { Self.unfolded(value) } else { value }
        try HeaderText.check(value, allowsTab: true)
        self.name = name
        self.value = value
        content = try HeaderContent(value, syntax: syntax)
        switch name.lowercased() {
        case "date", "message-id": place = .composed
        case let name where name.hasPrefix("resent-"): place = .resentBlock
        default: place = .additional
        }
    }

    /// A value without the line breaks that white space follows (RFC 5322, section 2.2.3).
    private static func unfolded(_ value: String) -> String {
        let octets = Array(value.utf8)
        var unfolded: [UInt8] = []
        for (index, octet) in octets.enumerated() {
            let isBreak = octet == Octet.carriageReturn || octet == Octet.lineFeed
            let end =
                octet == Octet.carriageReturn && octets[(index + 1)...].first == Octet.lineFeed ? index + 2 : index + 1
            if isBreak, end < octets.count, Octet.isWhiteSpace(octets[end]) { continue }
            unfolded.append(octet)
        }
        return String(decoding: unfolded, as: UTF8.self)
    }

    /// The date of the message, if that is what the field holds.
    var date: MessageDate? {
        if case .date(let date) = content, place == .composed { date } else { nil }
    }

    /// The identifier of the message, if that is what the field holds.
    var messageID: MessageID? {
        if case .messageID(let identifier) = content { identifier } else { nil }
    }

    /// Whether the field holds an address that only a server with SMTPUTF8 can take (RFC 6532).
    public var needsSMTPUTF8: Bool {
        guard case .mailboxes(let mailboxes) = content else { return false }
        return mailboxes.contains(where: \.address.needsSMTPUTF8)
    }
}
