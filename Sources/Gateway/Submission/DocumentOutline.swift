internal import Foundation
internal import InternetMessage

/// What is known of a JSON object without its decoder: which members it has, its long texts, and the long contents of its
/// attachments.
///
/// A decoder takes a long text apart at every escape, and makes a dictionary of an object, in which it looks for each member:
/// together that is more than half of what decoding a common message costs. What is left for the decoder is a list of the
/// other members' values, in the order in which the document's type reads them.
struct DocumentOutline {
    /// A value that is left for the decoder.
    struct Value {
        let name: String
        /// The octet that it begins with: a bracket, a brace, a quotation mark, or another.
        let beginning: UInt8
    }

    /// The values that are left for the decoder, in their order.
    private(set) var values: [Value] = []
    /// The names of members that a message does not have, in the order of the document.
    private(set) var unknown: [String] = []
    /// The long texts by the names of their members.
    private(set) var texts: [(name: String, value: String)] = []
    /// The long contents by the index of their attachment.
    private(set) var contents: [Int: Base64Text] = [:]
    /// The list of the values that are left, as a JSON array. In place of each long content there is an empty string.
    private(set) var document: [UInt8] = []

    /// Nil if the document is one for the decoder alone: no object, or one in which a member stands twice.
    ///
    /// - Parameter place: where the document's type reads a member; nil if it has none of that name.
    init?(_ body: [UInt8], _ syntax: JSONSyntax, place: (String) -> Int?) {
        guard let members = syntax.members, syntax.repeated.isEmpty else { return nil }
        var listed: [(place: Int, index: Int, beginning: UInt8)] = []
        listed.reserveCapacity(members.count)
        for (index, member) in members.enumerated() {
            guard let place = place(member.name) else {
                unknown.append(member.name)
                continue
            }
            if let text = member.text {
                texts.append((member.name, text))
                continue
            }
            // White space lies below all other characters that a value can begin with.
            let beginning = body[member.value].first { $0 > UInt8(ascii: " ") } ?? 0
            // Null says the same as a member that is absent.
            if beginning != UInt8(ascii: "n") { listed.append((place, index, beginning)) }
        }
        listed.sort { $0.place < $1.place }
        values.reserveCapacity(listed.count)
        let left = listed.reduce(2) { $0 + members[$1.index].value.count + 1 }
        document.reserveCapacity(left - syntax.contents.reduce(0) { $0 + $1.octets.count })
        document.append(UInt8(ascii: "["))
        for (_, index, beginning) in listed {
            if !values.isEmpty { document.append(UInt8(ascii: ",")) }
            values.append(Value(name: members[index].name, beginning: beginning))
            var start = members[index].value.lowerBound
            if members[index].name == "attachments" {
                for content in syntax.contents {
                    document.append(contentsOf: body[start..<content.octets.lowerBound])
                    contents[content.attachment] = content.text
                    start = content.octets.upperBound
                }
            }
            document.append(contentsOf: body[start..<members[index].value.upperBound])
        }
        document.append(UInt8(ascii: "]"))
    }

    /// One for all documents without long contents: it keeps nothing from one call to the next.
    private static let decoder = JSONDecoder()

    /// Decodes a document, by its outline if it has one.
    ///
    /// - Parameter place: where the type reads a member; nil if it has none of that name.
    static func decode<Document: Decodable & DecodableWithConfiguration>(
        _ type: Document.Type, from body: [UInt8], _ syntax: JSONSyntax, place: (String) -> Int?
    ) throws -> Document where Document.DecodingConfiguration == DocumentOutline? {
        guard let outline = DocumentOutline(body, syntax, place: place) else {
            return try decoder.decode(type, from: Data(body))
        }
        var decoder = decoder
        if let key = AttachmentDocument.contents, !outline.contents.isEmpty {
            // A decoder of its own, as others are at work with theirs.
            decoder = JSONDecoder()
            decoder.userInfo[key] = outline.contents
        }
        return try decoder.decode(type, from: Data(outline.document), configuration: outline)
    }

    /// The long text of a member.
    func text(_ name: String) -> String? {
        texts.first { $0.name == name }?.value
    }
}
