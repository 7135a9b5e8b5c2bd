/// A value of a ``JSONDocument``: where it stands, and what its kind is.
///
/// The document itself, the members of objects, and the objects, lists and strings in lists have one. What else is
/// in a list has none: a file can be sent as a list of millions of numbers.
public struct JSONValue: Sendable {
    /// What a value is.
    public enum Kind: Sendable {
        case object, list, string, number, `true`, `false`, null
    }

    /// What it is.
    public let kind: Kind
    /// Whether there are escapes in its name.
    let hasEscapedName: Bool
    /// Where its name stands, without the quotes; empty unless it is a member.
    let name: Range<Int>
    /// Its place in its object or list.
    public let index: Int
    /// Where it stands; a string without its quotes.
    public internal(set) var octets: Range<Int>
    /// How many members or elements it has.
    public internal(set) var count = 0
    /// The index, among the values of the document, of the first behind it and what is in it.
    public internal(set) var end: Int
}
