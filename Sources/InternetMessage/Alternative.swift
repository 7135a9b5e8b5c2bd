/// Another form of the body, such as an invitation: `text/calendar; method=REQUEST` (RFC 2046, section 5.1.4).
public struct Alternative: Hashable, Sendable {
    /// What the form consists of.
    public enum Content: Hashable, Sendable {
        /// Text, written as UTF-8; CR, LF and CRLF are line breaks.
        case text(String)
        /// Octets, kept as they are.
        case octets([UInt8])
    }

    /// What kind of content it is. Text gets `charset=utf-8` where no charset is given.
    public var contentType: MediaType
    /// The content.
    public var content: Content

    /// A form of the body.
    public init(contentType: MediaType, content: Content) {
        self.contentType = contentType
        self.content = content
    }
}
