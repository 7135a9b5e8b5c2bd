/// Why a text is not base64: what is wrong, where, and what to do about it.
public struct Base64Error: Error, Hashable, Sendable, CustomStringConvertible {
    private let problem: String

    /// Where in the text, in octets from 0 on.
    public let offset: Int

    /// What is wrong, where, and what to do.
    public var description: String { "this is not base64 at octet \(offset): \(problem)" }

    private init(problem: String, offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    static func incomplete(at offset: Int) -> Base64Error {
        Base64Error(
            problem: "it ends in the middle of a group of four characters; give all of it, with its padding",
            offset: offset)
    }

    /// A character that has no place there.
    static func character(_ octet: UInt8, at offset: Int) -> Base64Error {
        let problem =
            switch octet {
            case UInt8(ascii: "-"), UInt8(ascii: "_"):
                "\"-\" and \"_\" belong to the alphabet for URLs; use \"+\" and \"/\" (RFC 4648, section 4)"
            case UInt8(ascii: "="): "padding stands at the end only, and completes the last group of four characters"
            default: "there are only letters, digits, \"+\", \"/\" and line breaks, and padding at the end"
            }
        return Base64Error(problem: problem, offset: offset)
    }
}
