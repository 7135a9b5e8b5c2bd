/// Why a body is no JSON text (RFC 8259), and where.
public struct JSONSyntaxError: Error, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: String, Sendable {
        case byteOrderMark = "there is a byte order mark at the beginning; send UTF-8 without one"
        case notUTF8 = "the text is not valid UTF-8"
        case end = "the document ends too early"
        case trailing = "there is unexpected text after the document"
        case value = "expected a value: an object, an array, a string in double quotes, a number, true, false or null"
        case name = "expected the name of a member, in double quotes"
        case colon = "expected a colon after the name of a member"
        case separator = "expected a comma or the closing bracket"
        case comma = "there is a comma before a closing bracket; remove it"
        case depth = "objects and arrays are nested too deeply"
        case members = "an object has too many members"
        case values = "there are too many objects, arrays, members and strings"
        case control = "there is a control character in a string; write it as an escape, such as \\n, \\t or \\u0007"
        case escape = "a backslash in a string does not begin a valid escape; write \\\\ for a backslash itself"
        case number = "expected a digit"
    }

    /// What is wrong.
    public let reason: Reason
    /// The index of the octet.
    public let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// What is wrong, where, and what to do.
    public var description: String { "\(reason.rawValue)\(limit) (at octet \(offset))" }

    /// The maximum that was exceeded; empty for other errors.
    private var limit: String {
        switch reason {
        case .depth: "; \(JSONDocument.maximumDepth) levels are allowed"
        case .members: "; \(JSONDocument.maximumMembers) are allowed"
        case .values: "; \(JSONDocument.maximumValues) are allowed"
        default: ""
        }
    }
}
