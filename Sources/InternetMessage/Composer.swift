internal import MailAddress

/// Writes messages down (RFC 5322, RFC 2045 to 2047, RFC 2183, RFC 2231, RFC 2387).
///
/// The composer is a pure function: it reads no clock and draws no random bits.
public enum Composer {
    /// What the header section of a common message takes, to make room once.
    private static let headerCapacity = 640

    /// Composes a message. Its parts are nested as far as they are needed:
    ///
    ///     multipart/mixed
    ///         multipart/alternative
    ///             text/plain
    ///             multipart/related
    ///                 text/html
    ///                 inline attachments
    ///             alternatives
    ///         attachments
    ///
    /// A message without any content has an empty text. Throws the first of the message's `problems`, and an error for
    /// an attached message that no mail can hold.
    ///
    /// - Parameters:
    ///   - message: what to write down.
    ///   - spareOctets: the room to leave for header fields that are put in front later.
    public static func compose(
        _ message: Message, spareOctets: Int = 0
    ) throws(CompositionError) -> ComposedMessage {
        if let problem = message.problems.first { throw problem }
        let body = try MessageBody(message)
        var writer = HeaderWriter(capacity: headerCapacity + spareOctets + body.estimatedCount)
        let messageID = writeFields(of: message, to: &writer)
        body.append(to: &writer)
        return ComposedMessage(
            octets: writer.octets, messageID: messageID, isEightBit: body.isEightBit,
            needsSMTPUTF8: message.needsSMTPUTF8)
    }

    /// Writes all fields but those that describe the body, and says which identifier the message has.
    private static func writeFields(of message: Message, to writer: inout HeaderWriter) -> MessageID {
        writeResentBlock(of: message, to: &writer)
        writer.append("Date: ")
        (message.headers.lazy.compactMap(\.date).first ?? message.date).append(to: &writer.octets)
        writer.endLine()
        writer.mailboxesField("From", message.from)
        if let sender = message.sender { writer.mailboxesField("Sender", [sender]) }
        writer.mailboxesField("Reply-To", message.replyTo)
        writer.mailboxesField("To", message.to)
        writer.mailboxesField("Cc", message.cc)
        if let subject = message.subject { writer.unstructuredField("Subject", subject) }
        let given = message.messageID ?? message.headers.lazy.compactMap(\.messageID).first
        let identifier = given ?? MessageID(seed: message.seed, domain: message.from[0].address.domain)
        // Not folded: some readers take the fold for a part of the identifier.
        writer.field("Message-ID", identifier.description)
        for header in message.headers where header.place == .additional { writer.field(header) }
        writer.append("MIME-Version: 1.0\r\n")
        return identifier
    }

    /// Writes the fields that say who introduced the message again, and when (RFC 5322, section 3.6.6).
    private static func writeResentBlock(of message: Message, to writer: inout HeaderWriter) {
        let block = message.headers.filter { $0.place == .resentBlock }
        guard !block.isEmpty else { return }
        if !block.contains(where: { $0.isNamed("resent-date") }) {
            writer.field("Resent-Date", message.date.description)
        }
        for header in block { writer.field(header) }
    }
}
