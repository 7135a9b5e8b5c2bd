/// What the check of its syntax tells of a JSON object beside its decoder: the names of its members, and its long texts.
///
/// A decoder takes a long text apart at every escape, and answers for its names one by one: together that is half of what
/// decoding a common message costs. What is left of the document is the decoder's.
struct DocumentOutline {
    /// The members' names in their order.
    private(set) var names: [MemberName] = []
    /// The long texts by the names of their members.
    private(set) var texts: [(name: String, value: String)] = []
    /// The document, with an empty string in place of each text that is read here.
    private(set) var document: [UInt8] = []

    /// Nil where the document is one for the decoder alone: no object, or one in which a member stands twice.
    init?(_ body: [UInt8], _ syntax: JSONSyntax) {
        guard let names = syntax.memberNames, syntax.repeated.isEmpty else { return nil }
        self.names = names.map(MemberName.init(stringValue:))
        document.reserveCapacity(body.count - syntax.texts.reduce(0) { $0 + $1.content.count })
        var copied = 0
        for text in syntax.texts {
            texts.append((text.name, text.value))
            // The quotes stay.
            document.append(contentsOf: body[copied..<text.content.lowerBound])
            copied = text.content.upperBound
        }
        document.append(contentsOf: body[copied...])
    }

    /// The long text of a member.
    func text(_ name: String) -> String? {
        texts.first { $0.name == name }?.value
    }
}
