/// A body that was checked against RFC 8259 in one pass, and what that pass found: its members, those that stand twice, and
/// its strings.
///
/// Foundation's decoder takes more than JSON: a comma before a closing bracket, `01` and `-` as numbers, UTF-16. It says of a
/// bad escape only that the member is no string, and of two members of one name it keeps the first without a word. It also
/// makes a dictionary of each object, which is half of what it costs, and scans each string twice.
///
/// So the decoder gets ``reduced``: the same document with a list of its members' values for each object, without the strings.
/// The strings and the names of the members are among ``values``.
///
///     let document = try JSONDocument(Array(#"{"a": [1, {"b": "c"}], "d": null}"#.utf8))
///     String(decoding: document.reduced, as: UTF8.self)  // [[1,[]]]
///     document.values.map(document.name)  // ["", "a", "", "b", "d"]
///     document.text(of: document.values[3])  // c
public final class JSONDocument: Sendable {
    /// Most levels of objects and lists: as many as Foundation's decoder takes.
    public static let maximumDepth = 512
    /// Most members of an object: a message has 1000 header fields at most, and nothing has more.
    public static let maximumMembers = 2_000
    /// Most values that are kept: a hundred messages to a thousand recipients each, all given as objects, have 300,000. They
    /// take 32 MB.
    public static let maximumValues = 500_000
    /// Most members that stand twice whose paths are kept.
    public static let maximumRepeated = 100

    /// The body.
    public let octets: [UInt8]
    /// The document itself and what is in it, in the order in which it stands there.
    public let values: [JSONValue]
    /// What is left for a decoder: objects are lists of values, and strings and members that are null are left out.
    public let reduced: [UInt8]
    /// The paths to the first members that stand twice in their object. Only the beginning of a very long path is kept.
    public let repeated: [[String]]
    /// How many members stand twice.
    public let repeatedCount: Int

    /// Checks a body.
    ///
    /// - Throws: ``JSONSyntaxError`` if the body is not one JSON text in UTF-8.
    public init(_ octets: [UInt8]) throws(JSONSyntaxError) {
        var pass = JSONPass(octets)
        try pass.run(octets.span)
        self.octets = octets
        values = pass.values
        reduced = pass.reduced
        repeated = pass.repeated
        repeatedCount = pass.repeatedCount
    }

    /// The name of a member; empty if the value has none.
    public func name(of value: JSONValue) -> String { JSONString.text(octets, value.name) }

    /// Whether a member has this name. It makes no text, as ``name(of:)`` does.
    public func isNamed(_ value: JSONValue, _ name: String) -> Bool {
        guard !value.hasEscapedName else { return self.name(of: value).utf8.elementsEqual(name.utf8) }
        let utf8 = name.utf8
        guard utf8.count == value.name.count else { return false }
        let expected = utf8.span
        for index in expected.indices where octets[value.name.lowerBound + index] != expected[index] { return false }
        return true
    }

    /// What a string says, or how a number or a word is written.
    public func text(of value: JSONValue) -> String { JSONString.text(octets, value.octets) }
}
