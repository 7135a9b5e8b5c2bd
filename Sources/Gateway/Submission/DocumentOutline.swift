/// What one look at the text of a JSON object tells beside its decoder: the names of its members, and its long texts, read
/// from the body itself.
///
/// A decoder takes a long text apart at every escape, and answers for its names one by one: together that is half of what
/// decoding a common message costs. What is left of the document is the decoder's, and so is every document that is not
/// quite regular: one with a name that stands twice or holds an escape, or with a long text that is not right.
struct DocumentOutline {
    /// The members whose long texts are read here, where they are members of the document itself.
    static let textMembers: Set<String> = ["text", "html"]
    /// Octets from which on a text is long.
    static let minimumTextOctets = 256

    /// The members' names in their order.
    private(set) var names: [MemberName] = []
    /// The long texts by the names of their members.
    private(set) var texts: [(name: String, value: String)] = []
    /// The document, with an empty string in place of each text that is read here.
    private(set) var document: [UInt8] = []

    /// Nil where the document is one for the decoder alone.
    init?(_ body: [UInt8]) {
        names.reserveCapacity(8)
        document.reserveCapacity(min(body.count, 1024))
        var copied = 0
        var reader = JSONTextReader(body)
        guard reader.takes(UInt8(ascii: "{")) else { return nil }
        if reader.takes(UInt8(ascii: "}")) { return nil }
        repeat {
            guard let name = reader.plainString(), !names.contains(where: { $0.stringValue == name }),
                reader.takes(UInt8(ascii: ":"))
            else { return nil }
            names.append(MemberName(stringValue: name))
            if Self.textMembers.contains(name), reader.isAtString {
                guard let (text, content) = reader.string() else { return nil }
                guard content.count >= Self.minimumTextOctets else { continue }
                texts.append((name, text))
                // The quotes stay.
                document.append(contentsOf: body[copied..<content.lowerBound])
                copied = content.upperBound
            } else {
                guard reader.passValue() else { return nil }
            }
        } while reader.takes(UInt8(ascii: ","))
        guard reader.takes(UInt8(ascii: "}")), reader.isAtEnd else { return nil }
        document.append(contentsOf: body[copied...])
    }

    /// The long text of a member.
    func text(_ name: String) -> String? {
        texts.first { $0.name == name }?.value
    }
}
