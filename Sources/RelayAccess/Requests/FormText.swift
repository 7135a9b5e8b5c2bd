/// A form in the type `application/x-www-form-urlencoded` (RFC 6749, appendix B).
enum FormText {
    static func text(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&")
    }

    /// Everything but the unreserved characters (RFC 3986, section 2.3) in percent encoding.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(octet))
            default:
                escaped += (octet < 16 ? "%0" : "%") + String(octet, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
