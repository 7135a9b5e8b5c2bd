/// Which header fields a caller may add to a message, and what their values may be.
///
/// What the composer writes itself would stand twice, and what relays write would be a forged trace of the way.
public enum HeaderPolicy {
    /// Why a field may not be added.
    public struct Refusal: Hashable, Sendable, CustomStringConvertible {
        /// What to do instead, for the caller.
        public let description: String

        /// The composer writes the field from the properties of the message.
        public static let composed = Refusal(
            description: "this header is written from the message's own fields; give the value there")
        /// Blind copies are named in the envelope only (RFC 5322, section 3.6.3).
        public static let blindCopy = Refusal(
            description: "this header would show the blind copies to everyone; give them as bcc")
        /// The field describes how the content is written down, which is the composer's choice (RFC 2045).
        public static let content = Refusal(
            description: "this header follows from how the content is encoded; give text, html or attachments")
        /// The last server writes the field from the reverse-path (RFC 5321, section 4.4).
        public static let returnPath = Refusal(
            description: "a mail server writes this header from the reverse-path; give the address as envelope.from")
        /// Servers on the way, or the one that delivers, write the field as evidence.
        public static let trace = Refusal(
            description: "only a mail server may write this header; leave it out")
    }

    /// How the value of a field is written.
    enum Syntax {
        /// Free text; what is not ASCII becomes encoded words.
        case unstructured
        /// Free text that receivers do not decode, ASCII only.
        case plain
        /// One of some words, which may be followed by parameters or a comment.
        case keyword([String])
        /// Exactly this text, as receivers compare it.
        case exactly(String)
        /// A date and time (RFC 5322, section 3.3).
        case date
        /// The identifier of the message itself.
        case messageID
        /// The identifier of something else.
        case identifier
        /// Message identifiers, with or without white space and comments between them (RFC 5322, section 3.6.4).
        case messageIDs
        /// Links in angle brackets, separated by commas, with comments behind them (RFC 2369, section 2).
        case links
        /// An optional phrase and an identifier in angle brackets (RFC 2919, section 2).
        case listID
        /// Exactly one mailbox.
        case mailbox
        /// Mailboxes separated by commas.
        case mailboxes

        /// Whether the field may appear more than once (RFC 5322, section 3.6, and the RFCs of the fields).
        var isRepeatable: Bool {
            if case .unstructured = self { true } else { false }
        }
    }

    /// Why a field of that name may not be added; nil when it may. The case of the name does not count.
    public static func refusal(of name: String) -> Refusal? {
        let name = name.lowercased()
        if let refusal = refused[name] { return refusal }
        if name.hasPrefix("content-"), !describing.contains(name) { return .content }
        return tracePrefixes.contains(where: name.hasPrefix) ? .trace : nil
    }

    static func syntax(of name: String) -> Syntax {
        syntaxes[name.lowercased()] ?? .unstructured
    }

    /// Fields that say something about the content and not how it is encoded (RFC 3282, section 2).
    private static let describing: Set<String> = ["content-language", "content-class"]

    private static let tracePrefixes = ["arc-", "dkim-", "domainkey-", "x-google-dkim-", "x-spam-", "received"]

    private static let refused: [String: Refusal] = [
        "from": .composed, "reply-to": .composed, "to": .composed, "cc": .composed, "subject": .composed,
        "bcc": .blindCopy, "resent-bcc": .blindCopy,
        "apparently-to": .blindCopy, "mime-version": .content,
        "return-path": .returnPath, "delivered-to": .trace, "x-original-to": .trace, "x-delivered-to": .trace,
        "envelope-to": .trace, "authentication-results": .trace, "dl-expansion-history": .trace,
    ]

    private static let syntaxes: [String: Syntax] = [
        "date": .date, "expires": .date, "reply-by": .date, "message-id": .messageID, "in-reply-to": .messageIDs,
        "references": .messageIDs,
        "sender": .mailbox, "disposition-notification-to": .mailboxes, "return-receipt-to": .mailboxes,
        "errors-to": .mailboxes, "mail-followup-to": .mailboxes, "mail-reply-to": .mailboxes,
        "list-unsubscribe": .links, "list-help": .links, "list-subscribe": .links, "list-post": .links,
        "list-owner": .links, "list-archive": .links, "list-id": .listID,
        "list-unsubscribe-post": .exactly("List-Unsubscribe=One-Click"),
        "auto-submitted": .keyword(["no", "auto-generated", "auto-replied", "auto-notified"]),
        "importance": .keyword(["low", "normal", "high"]),
        "priority": .keyword(["normal", "urgent", "non-urgent", "high", "low"]),
        "x-priority": .keyword(["1", "2", "3", "4", "5"]),
        "x-msmail-priority": .keyword(["lowest", "low", "normal", "high", "highest"]),
        "precedence": .plain, "content-language": .plain, "content-class": .plain,
        "sensitivity": .keyword(["personal", "private", "company-confidential", "normal"]),
        "x-auto-response-suppress": .plain, "feedback-id": .plain, "tls-required": .exactly("No"),
        "resent-date": .date, "resent-from": .mailboxes, "resent-sender": .mailbox, "resent-to": .mailboxes,
        "resent-cc": .mailboxes, "resent-message-id": .identifier,
    ]
}
