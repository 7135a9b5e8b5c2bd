/// A file that goes with a message.
public struct Attachment: Hashable, Sendable {
    /// How a part is meant to be shown (RFC 2183, section 2).
    public enum Disposition: String, Hashable, Sendable {
        /// Shown with the body.
        case inline
        /// Offered as a file.
        case attachment
    }

    /// What the file consists of.
    public enum Content: Hashable, Sendable {
        /// The octets of the file.
        case octets([UInt8])
        /// The octets of the file in base64.
        case base64(Base64Text)
    }

    /// The name to save the file under, as plain text; nil and an empty text suggest none.
    public var filename: String?
    /// What the file consists of.
    public var content: Content
    /// What kind of file it is.
    public var contentType: MediaType
    /// The name by which the HTML refers to the file.
    public var contentID: ContentID?
    /// How the file is meant to be shown; nil is `inline` when there are a content identifier and HTML, and otherwise
    /// `attachment`.
    public var disposition: Disposition?

    /// A file with what is known about it.
    public init(
        filename: String?, content: [UInt8], contentType: MediaType = .octetStream, contentID: ContentID? = nil,
        disposition: Disposition? = nil
    ) {
        self.init(
            filename: filename, content: .octets(content), contentType: contentType, contentID: contentID,
            disposition: disposition)
    }

    /// A file whose content is octets or base64.
    public init(
        filename: String?, content: Content, contentType: MediaType = .octetStream, contentID: ContentID? = nil,
        disposition: Disposition? = nil
    ) {
        self.filename = filename
        self.content = content
        self.contentType = contentType
        self.contentID = contentID
        self.disposition = disposition
    }
}
