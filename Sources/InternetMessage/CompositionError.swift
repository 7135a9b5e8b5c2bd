/// Why a message cannot be composed: which of its properties, what is wrong, and what to do about it.
public struct CompositionError: Error, Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String {
        case missingAuthor = "missing_author"
        case missingSender = "missing_sender"
        case controlCharacter = "control_character"
        case tooLong = "too_long"
        case tooMany = "too_many"
        case duplicateHeader = "duplicate_header"
        case missingResentFrom = "missing_resent_from"
        case missingOneClickLink = "missing_one_click_link"
        case unusableMediaType = "unusable_media_type"
        case charset = "charset"
        case notSevenBit = "not_seven_bit"
        case null
        case duplicateContentID = "duplicate_content_id"
        case boundary = "boundary"
    }

    private let kind: Kind

    /// The property of `Message` that is wrong: names and indexes separated by slashes, as `attachments/2/filename`.
    public let field: String

    /// What is wrong and what to do, without the value.
    public let description: String

    private init(_ kind: Kind, _ field: String, _ description: String) {
        self.kind = kind
        self.field = field
        self.description = description
    }

    /// A short label without values in it, fit for a metric.
    public var label: String { kind.rawValue }

    static let missingAuthor = Self(
        .missingAuthor, "from", "a message needs at least one author (RFC 5322, section 3.6.2); give an address")
    static let missingSender = Self(
        .missingSender, "sender", "a message of several authors needs a sender (RFC 5322, section 3.6.2); give one")
    static let boundary = Self(
        .boundary, "seed", "every boundary made from this seed occurs in the content; give another seed")

    static func controlCharacter(_ field: String) -> Self {
        Self(.controlCharacter, field, "the value holds a line break or another control character; remove it")
    }

    static func tooLong(_ field: String, maximum: Int) -> Self {
        Self(.tooLong, field, "the value has more than \(maximum) octets; shorten it")
    }

    static func tooMany(_ field: String, maximum: Int) -> Self {
        Self(.tooMany, field, "there are more than \(maximum) of them; give fewer")
    }

    static func duplicateHeader(_ index: Int) -> Self {
        Self(.duplicateHeader, "headers/\(index)", "this header may appear only once in a message; give it once")
    }

    static func missingResentFrom(_ index: Int) -> Self {
        Self(
            .missingResentFrom, "headers/\(index)",
            "a message that is introduced again says by whom (RFC 5322, section 3.6.6); give Resent-From as well")
    }

    static func missingOneClickLink(_ index: Int) -> Self {
        Self(
            .missingOneClickLink, "headers/\(index)",
            "unsubscribing with one click needs List-Unsubscribe with an https link (RFC 8058, section 3.1); give it")
    }

    static func unusableMediaType(_ field: String) -> Self {
        Self(
            .unusableMediaType, field,
            "a multipart type cannot be that of a single part; give its parts, or use application/octet-stream")
    }

    static func charset(_ field: String) -> Self {
        Self(.charset, field, "text is written as UTF-8; leave the charset out, or give the content as octets")
    }

    static func null(_ field: String) -> Self {
        Self(
            .null, field,
            "a part of this type may not be encoded (RFC 2046, section 5.2.1), and this one holds a NUL, which no mail may "
                + "hold; use application/octet-stream")
    }

    static func duplicateContentID(_ field: String) -> Self {
        Self(
            .duplicateContentID, field,
            "another attachment has the same content identifier (RFC 2045, section 7); give each its own")
    }

    static func notSevenBit(_ field: String) -> Self {
        Self(
            .notSevenBit, field,
            "a part of this type is ASCII only and may not be encoded, and this one holds octets above 127; give the type "
                + "for international mail (RFC 6533), such as message/global-delivery-status, or application/octet-stream"
        )
    }
}
