/// Reads the members of a JSON object, and gathers what is wrong with them instead of stopping at the first.
///
/// It cannot be copied: the compiler would rather copy all of it than look at a part, and it is asked for many members.
struct Members: ~Copyable {
    /// The names of the members of an object. Most messages have a few of many: a look at these is cheaper than asking the
    /// decoder for each.
    private let names: [String]
    private let object: KeyedDecodingContainer<MemberName>?
    /// What is known of the values where they come as a list, in their order.
    private let values: [DocumentOutline.Value]
    private var list: (any UnkeyedDecodingContainer)?
    private let isList: Bool
    /// How many values of the list have been read.
    private var position = 0
    private(set) var errors = FieldErrors()
    /// The pointers to the known members with which something is wrong, whether their errors are listed or not.
    private var faulty: Set<String> = []

    /// The members of an object. Each name that is not known is an error.
    init(of decoder: any Decoder, known: Set<String>) throws {
        let container = try decoder.container(keyedBy: MemberName.self)
        names = container.allKeys.map(\.stringValue)
        object = container
        values = []
        isList = false
        addUnknown(names.filter { !known.contains($0) }, known)
    }

    /// The members of an object of which the decoder has the list of values. They have to be asked for in the order of the
    /// outline's values.
    private init(of decoder: any Decoder, known: Set<String>, outline: DocumentOutline) throws {
        names = []
        object = nil
        values = outline.values
        isList = true
        list = try decoder.unkeyedContainer()
        addUnknown(outline.unknown, known)
    }

    /// The members of an object, or of the list that is left of it.
    ///
    /// - Parameter outline: what has been read of the object already; nil if the decoder has all of it.
    init(of decoder: any Decoder, known: Set<String>, outline: DocumentOutline?) throws {
        if let outline {
            try self.init(of: decoder, known: known, outline: outline)
        } else {
            try self.init(of: decoder, known: known)
        }
    }

    /// Whether no value of a list is left that nobody has asked for.
    var isAtEnd: Bool { !isList || position == values.count }

    /// The octet that the next value of a list begins with, if that is a member's; nil if it is not, or there is no list.
    func beginning(of name: String) -> UInt8? {
        isList && comes(name) ? values[position].beginning : nil
    }

    /// A member, or nil where it is absent, null or wrong.
    mutating func value<Value: Decodable>(_ name: String, as type: Value.Type = Value.self, expected: String) -> Value?
    {
        guard comes(name) else { return nil }
        do {
            if let object { return try object.decodeIfPresent(type, forKey: MemberName(stringValue: name)) }
            let value = try list?.decode(type)
            position += 1
            return value
        } catch {
            refuse(name, expected)
            return nil
        }
    }

    /// A string, or nil where the member is absent, null or wrong: without the decoder's detour for values of any type.
    mutating func text(_ name: String, expected: String = "a string") -> String? {
        guard comes(name) else { return nil }
        do {
            return try string(name)
        } catch {
            refuse(name, expected)
            return nil
        }
    }

    /// An address. Nearly all are strings, about which the decoder is quicker.
    mutating func address(_ name: String, expected: String) -> AddressDocument? {
        guard comes(name) else { return nil }
        guard let text = try? string(name) else { return nested(name, expected: expected) }
        let address = AddressDocument(text)
        add(address.errors, under: name)
        return address
    }

    /// Addresses, or one. Nearly all are lists, or strings, about which the decoder is quicker.
    mutating func addresses(_ name: String, expected: String) -> AddressListDocument? {
        guard isList, comes(name) else { return nested(name, expected: expected) }
        let document: AddressListDocument
        switch values[position].beginning {
        case UInt8(ascii: "["):
            guard var elements = try? list?.nestedUnkeyedContainer() else { return nested(name, expected: expected) }
            position += 1
            document = AddressListDocument(elements: &elements)
        case UInt8(ascii: "\""):
            guard let text = try? string(name) else { return nested(name, expected: expected) }
            document = AddressListDocument(AddressDocument(text))
        default: return nested(name, expected: expected)
        }
        add(document.errors, under: name)
        return document
    }

    /// A member that keeps the errors of what it holds.
    mutating func nested<Value: DecodableWithErrors>(_ name: String, expected: String) -> Value? {
        guard let value = value(name, as: Value.self, expected: expected) else { return nil }
        add(value.errors, under: name)
        return value
    }

    mutating func add(_ error: FieldError) {
        errors.add(error)
        faulty.insert(error.pointer)
    }

    /// Whether something is wrong with a member itself.
    func hasError(_ pointer: String) -> Bool { faulty.contains(pointer) }

    mutating func add(_ others: FieldErrors, under name: String) {
        guard !others.isEmpty else { return }
        errors.add(others, under: name)
        if others.listed.contains(where: \.pointer.isEmpty) { faulty.insert("/" + name) }
    }

    private mutating func addUnknown(_ names: [String], _ known: Set<String>) {
        guard !names.isEmpty else { return }
        for (index, name) in names.sorted().enumerated() {
            errors.add(Self.unknown(name, known, isFirst: index == 0))
        }
    }

    /// The first of an object's unknown members brings the list of the known ones, if it resembles none of them.
    private static func unknown(_ name: String, _ known: Set<String>, isFirst: Bool) -> FieldError {
        let hint =
            if let suggestion = MemberSuggestion.suggestion(for: name, among: known) {
                "; did you mean \"\(suggestion)\"?"
            } else {
                isFirst ? "; known are \(known.sorted().joined(separator: ", "))" : ""
            }
        return FieldError("/" + FieldError.escaped(name), "there is no such field" + hint)
    }

    /// Whether there is a member of that name, in a list the next one.
    private func comes(_ name: String) -> Bool {
        isList ? position < values.count && values[position].name == name : names.contains(name)
    }

    private mutating func string(_ name: String) throws -> String? {
        if let object { return try object.decodeIfPresent(String.self, forKey: MemberName(stringValue: name)) }
        let text = try list?.decode(String.self)
        position += 1
        return text
    }

    private mutating func refuse(_ name: String, _ expected: String) {
        add(FieldError("/" + FieldError.escaped(name), "this has to be \(expected)"))
        guard isList else { return }
        // A value that could not be read is ignored.
        _ = try? list?.decode(Anything.self)
        position += 1
    }
}

/// What is decoded together with the errors in it, their pointers seen from here.
protocol DecodableWithErrors: Decodable {
    var errors: FieldErrors { get }
}
