/// Why the header section of a message cannot be used: what is wrong, where, and what to do about it.
///
/// No value of a field is part of the error, so it can be logged and counted.
public struct HeaderSectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of a failure. More may be added.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// A short label without values in it, fit for a metric.
        public let description: String

        /// A line that is neither a field nor the continuation of one.
        public static let notAField = Reason(description: "not_a_field")
        /// A NUL, which no message may hold (RFC 5322, section 4.1).
        public static let null = Reason(description: "null")
        /// No field at all in front of the body, or nothing.
        public static let noFields = Reason(description: "no_fields")
        /// More octets than are read.
        public static let tooLong = Reason(description: "too_long")
        /// More fields than are read.
        public static let tooManyFields = Reason(description: "too_many_fields")
        /// Octets that are not UTF-8 (RFC 6532, section 3.1).
        public static let notUTF8 = Reason(description: "not_utf8")
        /// A field that may stand once and stands more often (RFC 5322, section 3.6).
        public static let repeatedField = Reason(description: "repeated_field")
        /// A field that should hold addresses and does not.
        public static let invalidAddress = Reason(description: "invalid_address")
        /// Nothing in the section says who the message is from.
        public static let missingSender = Reason(description: "missing_sender")
        /// Several authors and no Sender field (RFC 5322, section 3.6.2).
        public static let severalSenders = Reason(description: "several_senders")
    }

    /// The kind of the failure.
    public let reason: Reason
    /// The name of the field that is meant, or nil if it is none.
    public let field: String?
    /// What is wrong and what to do.
    public let description: String

    init(_ reason: Reason, field: String? = nil, _ description: String) {
        self.reason = reason
        self.field = field
        self.description = description
    }
}
