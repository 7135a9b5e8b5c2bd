/// What kind of content a body part has: the value of `Content-Type` (RFC 2045, section 5.1).
///
///     let type = try MediaType("text/calendar; method=REQUEST")
///
/// A value never holds CR, LF, NUL or another control character.
public struct MediaType: Hashable, Sendable, CustomStringConvertible {
    /// A parameter such as `charset=utf-8`.
    public struct Parameter: Hashable, Sendable {
        /// The attribute in lower case.
        public let name: String
        /// The value as plain text, not quoted.
        public let value: String
    }

    /// The longest media type in octets; real ones have less than a hundred.
    public static let maximumOctets = 2_048
    /// The longest type, subtype and parameter name in octets (RFC 6838, section 4.2).
    public static let maximumNameOctets = 127
    /// The most parameters of a media type.
    public static let maximumParameters = 32

    /// The top-level type in lower case, such as `text`.
    public let type: String
    /// The subtype in lower case, such as `calendar`.
    public let subtype: String
    /// The parameters in the order in which they were written.
    public let parameters: [Parameter]

    /// `application/octet-stream`, for content of which nothing is known.
    public static let octetStream = MediaType(type: "application", subtype: "octet-stream", parameters: [])
    /// `text/plain; charset=utf-8`.
    public static let plainText = MediaType(type: "text", subtype: "plain", parameters: [utf8])
    /// `text/html; charset=utf-8`.
    public static let html = MediaType(type: "text", subtype: "html", parameters: [utf8])

    private static let utf8 = Parameter(name: "charset", value: "utf-8")

    init(type: String, subtype: String, parameters: [Parameter]) {
        self.type = type
        self.subtype = subtype
        self.parameters = parameters
    }

    /// Reads a media type with its parameters, whose values may be quoted strings; comments are not understood.
    ///
    /// Throws a `HeaderError` with the reason `controlCharacter` or `invalidMediaType`.
    public init(_ text: String) throws(HeaderError) {
        try HeaderText.check(text, allowsTab: true)
        guard text.utf8.count <= Self.maximumOctets else { throw HeaderError(.invalidMediaType) }
        self = try MediaTypeParser(octets: Array(text.utf8)).parse()
    }

    /// The value of a parameter; the case of its name does not count.
    public func parameter(_ name: String) -> String? {
        let lowercased = name.lowercased()
        return parameters.first { $0.name == lowercased }?.value
    }

    /// The media type as it may be written again.
    public var description: String {
        var text = "\(type)/\(subtype)"
        for parameter in parameters {
            text += "; \(parameter.name)="
            guard !HeaderText.isToken(parameter.value) else {
                text += parameter.value
                continue
            }
            text += "\""
            for scalar in parameter.value.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
                text.unicodeScalars.append(scalar)
            }
            text += "\""
        }
        return text
    }

    /// Whether it is HTML for receivers that look for it by name. It goes in front of the common HTML: others take the
    /// last form that they know, and some take the last without a look.
    var standsBeforeHTML: Bool {
        type == "text" && (subtype == "x-amp-html" || subtype == "watch-html")
    }

    /// The same type with `charset=utf-8`, for text that this module writes.
    var withUTF8: MediaType {
        let others = parameters.map { $0.name == "charset" ? Self.utf8 : $0 }
        return MediaType(
            type: type, subtype: subtype, parameters: parameter("charset") == nil ? parameters + [Self.utf8] : others)
    }

    /// How a part of the type may be encoded for the way.
    var encodingRule: EncodingRule {
        guard type == "message" else { return .any }
        switch subtype {
        case "rfc822", "partial", "external-body": return .none
        case "delivery-status", "disposition-notification", "tracking-status", "feedback-report": return .sevenBit
        default: return .any
        }
    }

    /// How a part may be encoded for the way.
    enum EncodingRule {
        case any
        /// Not at all (RFC 2046, section 5.2.1): 7bit or 8bit.
        case none
        /// 7bit only (RFC 3464, section 2.1; RFC 8098, section 3.1; RFC 3886, section 2; RFC 5965, section 3).
        case sevenBit
    }

    /// Whether text written as UTF-8 would be labelled with another charset.
    var contradictsUTF8: Bool {
        guard let charset = parameter("charset") else { return false }
        // Many write it without the hyphen; in the message it is written as it is registered.
        return charset.lowercased() != "utf-8" && charset.lowercased() != "utf8"
    }
}
