/// Why a text cannot stand in a header section: what is wrong and what to do about it.
///
/// The value itself is not part of the error, so it can be logged and counted.
public struct HeaderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of a failure. More may be added.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// A short label without values in it, fit for a metric.
        public let description: String
        let text: String

        private init(_ label: String, _ text: String) {
            description = label
            self.text = text
        }
    }

    /// The kind of the failure.
    public let reason: Reason

    /// What is wrong and what to do.
    public let description: String

    init(_ reason: Reason, _ detail: String? = nil) {
        self.reason = reason
        description = detail ?? reason.text
    }

    /// A short label without values in it, fit for a metric.
    public var label: String { reason.description }
}

extension HeaderError.Reason {
    /// A field name that is empty or holds a space, a colon, a control or a character beyond ASCII (RFC 5322, 2.2).
    public static let invalidName = Self(
        "invalid_name",
        "a header name holds printable ASCII characters without spaces and colons; correct it, for example X-Campaign")
    /// A field name that is too long.
    public static let nameTooLong = Self("name_too_long", "a header name has 76 characters at most; shorten it")
    /// A field that callers may not write; the description says who does.
    public static let refusedName = Self("refused_name", "this header may not be given")
    /// CR, LF, NUL or another control character.
    public static let controlCharacter = Self(
        "control_character", "the value holds a line break or another control character; remove it")
    /// More octets than the place may hold.
    public static let valueTooLong = Self("value_too_long", "the value has more than 32768 octets; shorten it")
    /// A value that does not have the syntax of its field; the description says what is expected.
    public static let invalidValue = Self("invalid_value", "the value does not have the syntax of its header")
    /// A media type that does not have the syntax of RFC 2045, section 5.1.
    public static let invalidMediaType = Self(
        "invalid_media_type", "this is no media type; write one such as application/pdf or text/plain; charset=utf-8")
    /// A content identifier that could not be referred to by a `cid:` link (RFC 2392).
    public static let invalidContentID = Self(
        "invalid_content_id",
        "a content identifier has 1 to 200 printable ASCII characters, without spaces and without any of \" ( ) , ; < > \\"
    )
    /// A message identifier that does not have the syntax of RFC 5322, section 3.6.4.
    public static let invalidMessageID = Self(
        "invalid_message_id",
        "this is no message identifier; write one such as <1234@example.org>, of 250 characters at most")
}
