internal import Foundation
internal import InternetMessage
internal import OctetSearch

/// Holds a body against RFC 8259 before it is decoded: one pass over the octets, of which nothing is kept but where the members
/// of an object stand, its long texts, and the long contents of attachments.
///
/// Foundation's decoder takes more than JSON: a comma in front of a closing bracket, `01` and `-` as numbers, UTF-16. It
/// says of a bad escape only that the member is no string, and of two members of one name it keeps the first without a
/// word.
struct JSONSyntax {
    /// Most levels of objects and lists: as many as the decoder takes.
    static let maximumDepth = 512
    /// Most members of an object: a message has 1000 header fields at most, and nothing has more.
    static let maximumMembers = 2_000
    /// Most members of an object that are compared in pairs.
    private static let maximumPairedMembers = 16

    /// An object or a list that has not ended.
    private struct Container {
        let isObject: Bool
        /// Where the names of its members begin.
        let firstName: Int
        /// The index of the element that has been begun.
        var index = 0
    }

    /// The name of a member, without its quotes.
    private struct Name {
        let octets: Range<Int>
        let hasEscapes: Bool
    }

    /// A member of the body's own object.
    struct Member {
        let name: String
        /// Where its value stands, perhaps with white space around it.
        let value: Range<Int>
        /// What the value says, where that is a long text.
        let text: String?
    }

    /// A value of the body's own object, as ``Member`` has it. Its end is known once what stands behind it has been read.
    private struct Value {
        let start: Int
        var end: Int
        var text: String?
    }

    /// The long content of an attachment: base64, which goes from where it stands into the message. A decoder would make a
    /// string of it, and octets of that: a message needs twice the memory of its body, and not five times.
    struct Content {
        /// The index of the attachment in its list.
        let attachment: Int
        /// Where the content stands, without its quotes.
        let octets: Range<Int>
        let text: Base64Text
    }

    private let body: [UInt8]
    private var position = 0
    private var containers: [Container] = []
    private var names: [Name] = []
    private var values: [Value] = []

    /// The members that stand twice in their object, which is well formed, and means two things at once.
    private(set) var repeated = FieldErrors()
    /// The members of the body's own object, in their order; nil where the body is something else.
    private(set) var members: [Member]?
    /// The long contents of the attachments, in their order.
    private(set) var contents: [Content] = []

    /// The members whose texts may be long, of four octets each.
    private static let textMembers = ["text", "html"]
    /// Octets from which on a text is long.
    static let minimumTextOctets = 256
    /// Octets from which on a content is long; below that it is left to the decoder.
    static let minimumContentOctets = 4 * 1024

    /// Checks a body.
    ///
    /// - Throws: ``JSONSyntaxError`` where the body is not one JSON text in UTF-8.
    init(_ body: [UInt8]) throws(JSONSyntaxError) {
        self.body = body
        containers.reserveCapacity(4)
        names.reserveCapacity(16)
        values.reserveCapacity(16)
        try text(body.span)
    }

    private mutating func text(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        // U+FEFF in UTF-8.
        if octets.count > 2, octets[0] == 0xEF, octets[1] == 0xBB, octets[2] == 0xBF { throw error(.byteOrderMark) }
        repeat {
            try value(octets)
        } while try separator(octets)
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: octets)
        } catch {
            throw JSONSyntaxError(.notUTF8, at: error.byteOffsets.lowerBound)
        }
    }

    /// Reads a value, of an object or a list only its beginning and the name of its first member.
    private mutating func value(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        while true {
            switch next(octets) {
            case UInt8(ascii: "\""):
                if !takeText(), !takeContent() { _ = try string(octets) }
                return
            case UInt8(ascii: "{"):
                try open(isObject: true)
                guard next(octets) != UInt8(ascii: "}") else { return }
                try name(octets)
            case UInt8(ascii: "["):
                try open(isObject: false)
                guard next(octets) != UInt8(ascii: "]") else { return }
            case UInt8(ascii: "t"): return try literal("true", octets)
            case UInt8(ascii: "f"): return try literal("false", octets)
            case UInt8(ascii: "n"): return try literal("null", octets)
            case let octet? where octet == UInt8(ascii: "-") || octet &- UInt8(ascii: "0") < 10:
                return try number(octets)
            case _?: throw error(.value)
            case nil: throw error(.end)
            }
        }
    }

    /// Reads what stands behind a value: the ends of objects and lists, and a comma.
    ///
    /// - Returns: whether another value follows.
    private mutating func separator(_ octets: Span<UInt8>) throws(JSONSyntaxError) -> Bool {
        while let container = containers.last {
            let end = container.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            let octet = next(octets)
            if containers.count == 1, !values.isEmpty { values[values.count - 1].end = position }
            if octet == UInt8(ascii: ",") {
                position += 1
                guard next(octets) != end else { throw error(.comma) }
                if container.isObject {
                    try name(octets)
                } else {
                    containers[containers.count - 1].index += 1
                }
                return true
            }
            guard octet == end else { throw error(position < octets.count ? .separator : .end) }
            position += 1
            close(octets)
        }
        guard next(octets) == nil else { throw error(.trailing) }
        return false
    }

    /// The octet behind white space; nil at the end.
    private mutating func next(_ octets: Span<UInt8>) -> UInt8? {
        while position < octets.count {
            switch octets[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            case let octet: return octet
            }
        }
        return nil
    }

    // MARK: Objects and lists

    private mutating func open(isObject: Bool) throws(JSONSyntaxError) {
        guard containers.count < Self.maximumDepth else { throw error(.depth) }
        containers.append(Container(isObject: isObject, firstName: names.count))
        position += 1
    }

    /// Reads the name of a member, and the colon behind it.
    private mutating func name(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        guard next(octets) == UInt8(ascii: "\"") else { throw error(position < octets.count ? .name : .end) }
        let start = position + 1
        let hasEscapes = try string(octets)
        guard names.count - containers[containers.count - 1].firstName < Self.maximumMembers else {
            throw error(.members)
        }
        names.append(Name(octets: start..<position - 1, hasEscapes: hasEscapes))
        guard next(octets) == UInt8(ascii: ":") else { throw error(position < octets.count ? .colon : .end) }
        position += 1
        if containers.count == 1 { values.append(Value(start: position, end: position)) }
    }

    private mutating func close(_ octets: Span<UInt8>) {
        let container = containers.removeLast()
        guard container.isObject else { return }
        let own = names[container.firstName...]
        if containers.isEmpty {
            var members: [Member] = []
            members.reserveCapacity(values.count)
            for (index, value) in values.enumerated() {
                let name = text(of: names[container.firstName + index])
                members.append(Member(name: name, value: value.start..<value.end, text: value.text))
            }
            self.members = members
        }
        if own.count > 1 {
            if own.count <= Self.maximumPairedMembers, !own.contains(where: \.hasEscapes) {
                comparePairs(own, octets)
            } else {
                compareTexts(own)
            }
        }
        names.removeSubrange(container.firstName...)
    }

    private mutating func comparePairs(_ own: ArraySlice<Name>, _ octets: Span<UInt8>) {
        for index in own.indices.dropFirst() {
            let name = own[index].octets
            if own[..<index].contains(where: { Self.isSame(name, $0.octets, octets) }) {
                report(own[index], own.startIndex)
            }
        }
    }

    private mutating func compareTexts(_ own: ArraySlice<Name>) {
        var seen: Set<String> = []
        for name in own where !seen.insert(text(of: name)).inserted { report(name, own.startIndex) }
    }

    private static func isSame(_ one: Range<Int>, _ other: Range<Int>, _ octets: Span<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        for index in 0..<one.count where octets[one.lowerBound + index] != octets[other.lowerBound + index] {
            return false
        }
        return true
    }

    /// A name as it reads.
    private func text(of name: Name) -> String {
        guard name.hasEscapes else { return String(decoding: body[name.octets], as: UTF8.self) }
        let quoted = Data(body[(name.octets.lowerBound - 1)...name.octets.upperBound])
        return (try? JSONDecoder().decode(String.self, from: quoted)) ?? ""
    }

    /// - Parameter firstName: where the names of the member's object begin.
    private mutating func report(_ name: Name, _ firstName: Int) {
        let pointer = repeated.isFull ? "" : pointer(to: name, firstName)
        repeated.add(FieldError(pointer, "this is given twice; give it once, and several values as a list"))
    }

    /// The pointer to a member, made from the outside inwards and no longer than it is shown.
    private func pointer(to name: Name, _ firstName: Int) -> String {
        var pointer = ""
        for (index, container) in containers.enumerated() {
            guard pointer.utf8.count <= FieldError.maximumPointerCharacters * 4 else { return pointer }
            // The name of the member that holds an object was read just before those of the object.
            let end = index + 1 < containers.count ? containers[index + 1].firstName : firstName
            pointer += "/"
            pointer += container.isObject ? FieldError.escaped(beginning(of: names[end - 1])) : String(container.index)
        }
        return pointer + "/" + FieldError.escaped(beginning(of: name))
    }

    /// A name as it reads, or a part of it that is longer than what is shown.
    private func beginning(of name: Name) -> String {
        // A character that is escaped as a pair takes twelve octets.
        guard name.octets.count > FieldError.maximumPointerCharacters * 12 else { return text(of: name) }
        let octets = body[name.octets].prefix(FieldError.maximumPointerCharacters * 12)
        return String(decoding: octets, as: UTF8.self)
    }

    // MARK: Strings, numbers, words

    /// Reads a string.
    ///
    /// - Returns: whether there are escapes in it.
    private mutating func string(_ octets: Span<UInt8>) throws(JSONSyntaxError) -> Bool {
        var index = OctetSearch.escapedInJSON(in: octets, from: position + 1)
        var hasEscapes = false
        while index < octets.count {
            switch octets[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                index = try escape(octets, at: index)
            default: throw JSONSyntaxError(.control, at: index)
            }
            index = OctetSearch.escapedInJSON(in: octets, from: index)
        }
        throw JSONSyntaxError(.end, at: index)
    }

    /// - Returns: the index behind the escape.
    private func escape(_ octets: Span<UInt8>, at index: Int) throws(JSONSyntaxError) -> Int {
        guard index + 1 < octets.count else { throw JSONSyntaxError(.end, at: octets.count) }
        guard let (_, next) = JSONString.escape(octets, at: index) else { throw JSONSyntaxError(.escape, at: index) }
        return next
    }

    private mutating func number(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        if octets[position] == UInt8(ascii: "-") { position += 1 }
        if position < octets.count, octets[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits(octets)
        }
        if position < octets.count, octets[position] == UInt8(ascii: ".") {
            position += 1
            try digits(octets)
        }
        if position < octets.count, octets[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < octets.count, octets[position] == UInt8(ascii: "+") || octets[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits(octets)
        }
    }

    private mutating func digits(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        let start = position
        while position < octets.count, octets[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw error(.number) }
    }

    private mutating func literal(_ word: StaticString, _ octets: Span<UInt8>) throws(JSONSyntaxError) {
        let start = position
        for octet in word.description.utf8 {
            guard position < octets.count, octets[position] == octet else { throw JSONSyntaxError(.value, at: start) }
            position += 1
        }
    }

    /// Reads the string where it is the text of a message, checked and unescaped at once.
    ///
    /// - Returns: whether it has been read. One that is not right is left, to be found out about.
    private mutating func takeText() -> Bool {
        guard containers.count == 1, containers[0].isObject, let name = names.last, name.octets.count == 4,
            Self.textMembers.contains(where: { body[name.octets].elementsEqual($0.utf8) }),
            let (text, content) = JSONString.read(body, from: position + 1)
        else { return false }
        if content.count >= Self.minimumTextOctets { values[values.count - 1].text = text }
        position = content.upperBound + 1
        return true
    }

    /// Reads the string if it is the long content of an attachment, checked as base64 at once.
    ///
    /// - Returns: whether it has been read. One that is not base64 is left to the decoder, which says so.
    private mutating func takeContent() -> Bool {
        guard containers.count == 3, containers[0].isObject, !containers[1].isObject, containers[2].isObject,
            let name = names.last, body[name.octets].elementsEqual("content".utf8),
            body[names[containers[1].firstName - 1].octets].elementsEqual("attachments".utf8),
            let (text, end) = try? Base64Text.read(body[(position + 1)...], notation: .escaped), end < body.count,
            body[end] == UInt8(ascii: "\""), end - position > Self.minimumContentOctets
        else { return false }
        contents.append(Content(attachment: containers[1].index, octets: (position + 1)..<end, text: text))
        position = end + 1
        return true
    }

    private func error(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError {
        JSONSyntaxError(reason, at: position)
    }
}
