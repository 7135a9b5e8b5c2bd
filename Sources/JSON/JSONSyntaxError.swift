/// Why a body is no JSON text (RFC 8259), and where.
public struct JSONSyntaxError: Error, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: String, Sendable {
        case byteOrderMark = "there is a byte order mark; send UTF-8 without one"
        case notUTF8 = "a string is not UTF-8"
        case end = "the text ends in the middle"
        case trailing = "there is unexpected text after the document"
        case value = "a value is expected: an object, a list, a string in double quotes, a number, true, false or null"
        case name = "the name of a member in double quotes is expected"
        case colon = "a colon is expected behind the name of a member"
        case separator = "a comma is expected, or the closing bracket"
        case comma = "a comma stands in front of a closing bracket; remove it"
        case depth = "objects and lists are nested too deep"
        case members = "an object has too many members"
        case values = "there are too many objects, lists and members"
        case control = "a control character stands in a string; write \\n, \\t or \\u and its four digits"
        case escape = "a backslash in a string begins no escape, or half of a surrogate pair"
        case number = "a digit is expected"
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
    public var description: String { "\(reason.rawValue) (at octet \(offset))" }
}
