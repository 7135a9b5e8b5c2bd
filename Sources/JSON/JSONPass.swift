internal import OctetSearch

/// The pass over a body that makes a ``JSONDocument`` of it.
struct JSONPass {
    /// Most members of an object that are compared in pairs.
    private static let maximumPairedMembers = 16
    /// Octets from which on a path is cut. Nobody shows so many, and names can be as long as the body.
    private static let maximumPathOctets = 2_400

    /// An object or a list that has not ended.
    private struct Container {
        let isObject: Bool
        /// The index of its value.
        let value: Int
        /// How many members or elements have been begun.
        var count = 0
        /// Whether a value in it has been written.
        var isWritten = false
        /// Whether a name of its members has escapes.
        var hasEscapedNames = false
    }

    private let body: [UInt8]
    private var position = 0
    private var containers: [Container] = []
    /// Where the name of the member that comes next stands.
    private var name = 0..<0
    private var isNameEscaped = false
    /// The numbers and words of a list that have not been written yet, with the commas between them.
    private var unwritten = 0..<0
    private var isASCII = true

    private(set) var values: [JSONValue] = []
    private(set) var reduced: [UInt8] = []
    private(set) var repeated: [[String]] = []
    private(set) var repeatedCount = 0

    init(_ body: [UInt8]) {
        self.body = body
        containers.reserveCapacity(4)
        values.reserveCapacity(8)
        reduced.reserveCapacity(16)
    }

    mutating func run(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        // U+FEFF in UTF-8.
        if octets.count > 2, octets[0] == 0xEF, octets[1] == 0xBB, octets[2] == 0xBF { throw error(.byteOrderMark) }
        repeat {
            try value(octets)
        } while try separator(octets)
        guard !isASCII else { return }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: octets)
        } catch {
            throw JSONSyntaxError(.notUTF8, at: error.byteOffsets.lowerBound)
        }
    }

    /// Reads a value, of an object or a list only its beginning and the name of its first member.
    private mutating func value(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        while true {
            let octet = next(octets)
            let start = position
            switch octet {
            case UInt8(ascii: "\""):
                _ = try string(octets)
                return try keep(.string, (start + 1)..<(position - 1))
            case UInt8(ascii: "{"):
                try open(isObject: true)
                guard next(octets) != UInt8(ascii: "}") else { return }
                try memberName(octets)
            case UInt8(ascii: "["):
                try open(isObject: false)
                guard next(octets) != UInt8(ascii: "]") else { return }
                containers[containers.count - 1].count = 1
            case UInt8(ascii: "t"):
                try literal("true", octets)
                return try add(.true, from: start)
            case UInt8(ascii: "f"):
                try literal("false", octets)
                return try add(.false, from: start)
            case UInt8(ascii: "n"):
                try literal("null", octets)
                return try add(.null, from: start)
            case let octet? where octet == UInt8(ascii: "-") || octet &- UInt8(ascii: "0") < 10:
                try number(octets)
                return try add(.number, from: start)
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
            if octet == UInt8(ascii: ",") {
                position += 1
                guard next(octets) != end else { throw error(.comma) }
                if container.isObject {
                    try memberName(octets)
                } else {
                    containers[containers.count - 1].count += 1
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

    // MARK: What is kept

    /// Takes a number or a word that has just been read. In a list it is written later; elsewhere it is kept, and written now.
    private mutating func add(_ kind: JSONValue.Kind, from start: Int) throws(JSONSyntaxError) {
        if let container = containers.last, !container.isObject {
            unwritten = (unwritten.isEmpty ? start : unwritten.lowerBound)..<position
            return
        }
        try keep(kind, start..<position)
        guard kind != .null else { return }
        writeComma()
        reduced.append(contentsOf: body[start..<position])
    }

    private mutating func keep(_ kind: JSONValue.Kind, _ octets: Range<Int>) throws(JSONSyntaxError) {
        guard values.count < JSONDocument.maximumValues else { throw error(.values) }
        writeRest()
        let index = (containers.last?.count ?? 1) - 1
        values.append(
            JSONValue(
                kind: kind, hasEscapedName: isNameEscaped, name: name, index: index, octets: octets,
                end: values.count + 1))
        name = 0..<0
        isNameEscaped = false
    }

    private mutating func open(isObject: Bool) throws(JSONSyntaxError) {
        guard containers.count < JSONDocument.maximumDepth else { throw error(.depth) }
        try keep(isObject ? .object : .list, position..<position)
        writeComma()
        reduced.append(UInt8(ascii: "["))
        containers.append(Container(isObject: isObject, value: values.count - 1))
        position += 1
    }

    private mutating func close(_ octets: Span<UInt8>) {
        writeRest()
        reduced.append(UInt8(ascii: "]"))
        let container = containers.removeLast()
        values[container.value].end = values.count
        values[container.value].count = container.count
        values[container.value].octets = values[container.value].octets.lowerBound..<position
        if container.isObject, container.count > 1 { compareNames(container, octets) }
    }

    /// Writes the numbers and words of a list, which stand there as they will here.
    private mutating func writeRest() {
        guard !unwritten.isEmpty else { return }
        writeComma()
        reduced.append(contentsOf: body[unwritten])
        unwritten = 0..<0
    }

    /// Writes what stands between two values.
    private mutating func writeComma() {
        guard !containers.isEmpty else { return }
        if containers[containers.count - 1].isWritten {
            reduced.append(UInt8(ascii: ","))
        } else {
            containers[containers.count - 1].isWritten = true
        }
    }

    // MARK: Names

    /// Reads the name of a member, and the colon behind it.
    private mutating func memberName(_ octets: Span<UInt8>) throws(JSONSyntaxError) {
        guard next(octets) == UInt8(ascii: "\"") else { throw error(position < octets.count ? .name : .end) }
        let start = position + 1
        let last = containers.count - 1
        isNameEscaped = try string(octets)
        if isNameEscaped { containers[last].hasEscapedNames = true }
        guard containers[last].count < JSONDocument.maximumMembers else { throw error(.members) }
        containers[last].count += 1
        name = start..<(position - 1)
        guard next(octets) == UInt8(ascii: ":") else { throw error(position < octets.count ? .colon : .end) }
        position += 1
    }

    /// Looks for members that stand twice in an object that has ended.
    private mutating func compareNames(_ container: Container, _ octets: Span<UInt8>) {
        // Octets, because texts are the same if they only look it (RFC 8259, section 8.3).
        var seen: Set<[UInt8]> = []
        let isPaired = container.count <= Self.maximumPairedMembers && !container.hasEscapedNames
        var member = container.value + 1
        while member < values.count {
            let isNew =
                isPaired
                ? !stands(values[member].name, octets, from: container.value + 1, to: member)
                : seen.insert(Array(JSONString.text(body, values[member].name).utf8)).inserted
            if !isNew {
                repeatedCount += 1
                if repeated.count < JSONDocument.maximumRepeated { repeated.append(path(to: member, in: container)) }
            }
            member = values[member].end
        }
    }

    /// Whether a name is one of those of the members between two indexes.
    private func stands(_ name: Range<Int>, _ octets: Span<UInt8>, from first: Int, to last: Int) -> Bool {
        var member = first
        while member < last {
            let other = values[member].name
            if other.count == name.count {
                var index = 0
                while index < name.count, octets[name.lowerBound + index] == octets[other.lowerBound + index] {
                    index += 1
                }
                if index == name.count { return true }
            }
            member = values[member].end
        }
        return false
    }

    /// The path to a member, from the outside inwards.
    private func path(to member: Int, in container: Container) -> [String] {
        var path: [String] = []
        var length = 0
        for index in containers.dropFirst().map(\.value) + [container.value, member] {
            guard length <= Self.maximumPathOctets else { break }
            let value = values[index]
            if index == 0 { continue }
            let isMember = !value.name.isEmpty || value.name.lowerBound > 0
            let name = value.name.prefix(Self.maximumPathOctets)
            // An escape may be cut off in a name that is not shown to its end.
            path.append(isMember ? JSONString.text(body, name) : String(value.index))
            length += name.count + 1
        }
        return path
    }

    // MARK: Strings, numbers, words

    /// Reads a string.
    ///
    /// - Returns: whether there are escapes in it.
    private mutating func string(_ octets: Span<UInt8>) throws(JSONSyntaxError) -> Bool {
        var index = special(octets, from: position + 1)
        var hasEscapes = false
        while index < octets.count {
            switch octets[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                guard index + 1 < octets.count else { throw JSONSyntaxError(.end, at: octets.count) }
                guard let next = JSONString.escapeEnd(octets, at: index) else {
                    throw JSONSyntaxError(.escape, at: index)
                }
                hasEscapes = true
                index = special(octets, from: next)
            default: throw JSONSyntaxError(.control, at: index)
            }
        }
        throw JSONSyntaxError(.end, at: index)
    }

    /// The next quotation mark, backslash or control character of a string.
    private mutating func special(_ octets: Span<UInt8>, from start: Int) -> Int {
        guard isASCII else { return OctetSearch.escapedInJSON(in: octets, from: start) }
        let index = OctetSearch.escapedInJSONOrEightBit(in: octets, from: start)
        guard index < octets.count, octets[index] > 127 else { return index }
        isASCII = false
        return OctetSearch.escapedInJSON(in: octets, from: index)
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

    private func error(_ reason: JSONSyntaxError.Reason) -> JSONSyntaxError {
        JSONSyntaxError(reason, at: position)
    }
}
