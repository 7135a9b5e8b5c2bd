/// Why a text is no address: what is wrong, where, and what to do about it.
///
/// The value itself is not part of the error, so it can be logged and counted without giving an address away.
public struct AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of a failure. More may be added.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// A short label without values in it, fit for a metric.
        public let description: String
        let problem: String
        let remedy: String

        private init(_ label: String, _ problem: String, _ remedy: String) {
            description = label
            self.problem = problem
            self.remedy = remedy
        }
    }

    /// The kind of the failure.
    public let reason: Reason

    /// Where in the text, in octets of its UTF-8 form from 0 on.
    public let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// A short label without values in it, fit for a metric.
    public var label: String { reason.description }

    /// What is wrong, where, and what to do.
    public var description: String { "\(reason.problem) at octet \(offset): \(reason.remedy)" }
}

extension AddressError.Reason {
    /// There is nothing, or nothing between the angle brackets.
    public static let empty = Self("empty", "no address", "write one such as ann@example.org")
    /// No `@` follows what should be a local part.
    public static let missingAt = Self(
        "missing_at", "no \"@\" after the local part", "write an address such as ann@example.org")
    /// A comma or semicolon in a name without quotes, which ends an address there.
    public static let separatorInName = Self(
        "separator_in_name", "a comma or semicolon in a name without quotes",
        "put the name in double quotes, as in \"Doe, John\" <john@example.org>")
    /// An encoded word (RFC 2047) in a charset or an encoding that is not read.
    public static let encodedWord = Self(
        "encoded_word", "an encoded word that cannot be decoded", "write the name as plain text in UTF-8")
    /// Nothing, or a lone dot, stands before the `@`.
    public static let missingLocalPart = Self(
        "missing_local_part", "no local part", "write the name of the mailbox before the \"@\"")
    /// A character in the local part that needs quoting or may not stand there (RFC 5321, section 4.1.2).
    public static let localPartCharacter = Self(
        "local_part_character", "a character that may not stand in a local part", "put the local part in double quotes")
    /// A dot at the beginning or the end of the local part, or two in a row (RFC 5321, section 4.1.2).
    public static let localPartDots = Self(
        "local_part_dots", "a dot that separates nothing in the local part",
        "remove it, or put the local part in double quotes")
    /// The local part is longer than 64 octets (RFC 5321, section 4.5.3.1.1).
    public static let localPartTooLong = Self(
        "local_part_too_long", "a local part of more than 64 octets", "no mail server has to take it; use a shorter one"
    )
    /// The address is longer than 254 octets (RFC 5321, section 4.5.3.1.3).
    public static let tooLong = Self(
        "too_long", "an address of more than 254 octets", "no mail server has to take it; use a shorter one")
    /// A quoted string without its closing quote.
    public static let unclosedQuote = Self(
        "unclosed_quote", "a quoted string that does not end", "add the closing double quote")
    /// A comment without its closing parenthesis.
    public static let unclosedComment = Self(
        "unclosed_comment", "a comment that does not end", "add the closing parenthesis")
    /// Comments inside comments, deeper than is read.
    public static let commentTooDeep = Self(
        "comment_too_deep", "comments nested more than 16 deep", "remove the comments")
    /// CR, LF, NUL, DEL or another control character.
    public static let controlCharacter = Self(
        "control_character", "a control character or line break", "remove it; no address or name may hold one")
    /// A character that becomes an ASCII character by Unicode normalisation (RFC 6532, section 3.1).
    public static let ambiguousCharacter = Self(
        "ambiguous_character", "a character that other software reads as an ASCII character",
        "write the ASCII character if it is meant")
    /// Nothing after the `@`.
    public static let missingDomain = Self("missing_domain", "no domain", "write the domain after the \"@\"")
    /// A character in the domain that is no letter, digit, hyphen or dot (RFC 5321, section 4.1.2).
    public static let domainCharacter = Self(
        "domain_character", "a character that may not stand in a domain",
        "a domain holds letters, digits, hyphens and dots only")
    /// A label of the domain is empty, too long, or begins or ends with a hyphen (RFC 1035, section 2.3.1).
    public static let domainLabel = Self(
        "domain_label", "a domain label that is empty, longer than 63 octets, or has a hyphen at an end",
        "correct the domain")
    /// A domain with characters beyond ASCII that no domain may hold in that order, or with an A-label that stands for
    /// nothing (RFC 5891, section 4.2).
    public static let internationalDomain = Self(
        "international_domain", "a domain that IDNA does not allow", "correct the domain")
    /// An address literal in brackets that is no IPv4 and no tagged IPv6 address (RFC 5321, section 4.1.3).
    public static let addressLiteral = Self(
        "address_literal", "an address literal that is not valid", "write [192.0.2.1] or [IPv6:2001:db8::1]")
    /// A source route (RFC 5321, appendix C).
    public static let sourceRoute = Self(
        "source_route", "a source route", "leave out everything up to the colon; routes are no longer used")
    /// More than one address where one is expected.
    public static let severalAddresses = Self(
        "several_addresses", "more than one address where one is expected",
        "give each address as an element of its own; put a name that holds a comma in double quotes")
    /// A group where a mailbox is expected, or a group in a group.
    public static let group = Self("group", "a group where a mailbox is expected", "list its members instead")
    /// A group without its closing semicolon.
    public static let unclosedGroup = Self("unclosed_group", "a group that does not end", "add the closing semicolon")
    /// An opening angle bracket without its closing one.
    public static let unclosedAngle = Self(
        "unclosed_angle", "an address without its closing angle bracket", "write <ann@example.org>")
    /// A character that fits neither a name nor an address at that place.
    public static let unexpectedCharacter = Self(
        "unexpected_character", "a character that does not belong there",
        "write \"Name\" <ann@example.org>, with the name in double quotes")
    /// A display name that is too long.
    public static let nameTooLong = Self("name_too_long", "a name of more than 32768 octets", "shorten it")
    /// More addresses in a list than are read.
    public static let tooManyAddresses = Self(
        "too_many_addresses", "more than 10000 addresses", "send to fewer at a time")
}
