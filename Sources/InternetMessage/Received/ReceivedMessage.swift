internal import MailAddress

/// A message as it came in, read to be shown: its header fields, its text, its HTML and its attachments.
///
///     let message = ReceivedMessage(octets)
///     print(message.subject, message.text?.text ?? "")
///
/// Reading never fails. What is malformed is shown as far as it can be understood: a line that is no field ends the header
/// section, a multipart without its closing delimiter ends where the message does, and octets that do not fit their charset
/// are replaced by U+FFFD. Nothing is decoded before it is asked for; the parts share the message's octets.
public struct ReceivedMessage: Sendable {
    /// The first `From` field, its encoded words decoded; empty if there is none.
    public let from: String
    /// The mailboxes of all `To` fields, their encoded words decoded. A field that is no address list is one element.
    public let to: [String]
    /// The same for `Cc`.
    public let cc: [String]
    /// The first `Subject` field, its encoded words decoded (RFC 2047); empty if there is none.
    public let subject: String
    /// The first part of type `text/plain` that is no attachment.
    public let text: ReceivedPart?
    /// The first part of type `text/html` that is no attachment.
    public let html: ReceivedPart?
    /// All other parts in their order, inline images and enclosed messages among them.
    public let attachments: [ReceivedPart]

    private let octets: [UInt8]

    /// Reads a message.
    ///
    /// - Parameter octets: the header section and the body. Lines may end in CRLF or in a lone LF.
    public init(_ octets: [UInt8]) {
        let section = ReceivedHeader(octets[...])
        var reader = PartReader()
        reader.read(section, as: .text)
        self.octets = octets
        from = section.first("from").map(EncodedWordReader.decoded) ?? ""
        to = section.addresses("to")
        cc = section.addresses("cc")
        subject = section.first("subject").map(EncodedWordReader.decoded) ?? ""
        text = reader.text
        html = reader.html
        attachments = reader.others
    }

    /// The header fields in their order, unfolded (RFC 5322, section 2.2.3), with encoded words as they were written. What is
    /// not UTF-8 is replaced.
    public var fields: [(name: String, value: String)] { ReceivedHeader(octets[...]).fields }
}
