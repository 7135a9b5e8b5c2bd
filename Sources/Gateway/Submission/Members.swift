internal import JSON

/// Reads the members of a JSON object in the order of the document, and gathers what is wrong with them instead of stopping at
/// the first.
///
///     var members = try Members(of: decoder)
///     while let member: Member = members.next() {
///         switch member {
///         case .subject: subject = members.text()
///         case .attachments: attachments = members.part("a list of attachments")
///         }
///     }
///     errors = members.errors
///
/// It cannot be copied: the compiler would rather copy all of it than look at a part, and it is asked often.
struct Members: ~Copyable {
    let cursor: DocumentCursor
    /// The decoder's list of the values that are neither null nor strings; nil if none of them is read.
    private var list: (any UnkeyedDecodingContainer)?
    /// How many values the decoder still has to skip. It does so only if it reads another behind them, which is rare.
    private var skipped = 0
    /// The indexes of the value that comes next and of the first behind the object.
    private var upcoming: Int
    private let end: Int

    /// The member that is being read.
    private(set) var value: JSONValue
    /// Whether the list has its value, and it has not been read.
    private var isUnread = false

    private var unknown: [String] = []
    private var known: [String] = []
    private var found = FieldErrors()
    /// The pointers to the known members with which something is wrong, whether their errors are listed or not.
    private var faulty: Set<String> = []

    /// The members of the object that is being decoded.
    ///
    /// - Throws: a `DecodingError` if that is no object.
    init(of decoder: any Decoder) throws {
        guard let cursor = DocumentCursor.current, cursor.document.values[cursor.place].kind == .object else {
            throw DecodingError.typeMismatch(
                [String: Anything].self, DecodingError.Context(codingPath: [], debugDescription: "this is no object"))
        }
        self.init(cursor.place, cursor, try decoder.unkeyedContainer())
    }

    /// The members of an object.
    ///
    /// - Parameter index: the index of its value.
    init(_ index: Int, _ cursor: DocumentCursor, _ list: (any UnkeyedDecodingContainer)? = nil) {
        self.cursor = cursor
        self.list = list
        value = cursor.document.values[index]
        upcoming = index + 1
        end = value.end
    }

    /// Goes to the next member that is known and not null. Each name that is not known is an error.
    ///
    /// - Returns: nil behind the last.
    mutating func next<Name: MemberName>() -> Name? {
        while advance() {
            guard let member: Name = member() else {
                if unknown.isEmpty { known = Name.allCases.map(\.rawValue) }
                unknown.append(name)
                continue
            }
            if value.kind != .null { return member }
        }
        return nil
    }

    /// The member that is being read; nil if its name is not known.
    private func member<Name: MemberName>() -> Name? {
        let document = cursor.document
        for member in Name.allCases where document.isNamed(value, member.rawValue) { return member }
        return nil
    }

    /// The name of the member that is being read.
    var name: String { cursor.document.name(of: value) }

    /// Goes to the next member, whatever it is.
    ///
    /// - Returns: whether there is one.
    mutating func advance() -> Bool {
        if isUnread { skipped += 1 }
        guard upcoming < end else {
            isUnread = false
            return false
        }
        value = cursor.document.values[upcoming]
        isUnread = value.kind != .null && value.kind != .string
        cursor.place = upcoming
        upcoming = value.end
        return true
    }

    // MARK: What the decoder reads

    /// Has the decoder read the value. If that is not what is expected, it is an error.
    mutating func read<Value: Decodable>(_ expected: String, as type: Value.Type = Value.self) -> Value? {
        if isUnread {
            goToValue()
            if let value = try? list?.decode(type) {
                isUnread = false
                return value
            }
        }
        refuse("this has to be \(expected)")
        return nil
    }

    /// The decoder's list for the value that is being read; nil if that is none.
    mutating func nestedList() -> (any UnkeyedDecodingContainer)? {
        guard isUnread else { return nil }
        goToValue()
        guard let nested = try? list?.nestedUnkeyedContainer() else { return nil }
        isUnread = false
        return nested
    }

    /// Has the decoder skip what stands before the value.
    private mutating func goToValue() {
        while skipped > 0 {
            _ = try? list?.decode(Anything.self)
            skipped -= 1
        }
    }

    // MARK: Errors

    /// How many errors there are so far beside the unknown members. ``errors`` looks at all of these.
    var foundCount: Int { found.count }

    /// What is wrong: first the members that are not known, in the order of their names.
    var errors: FieldErrors {
        if unknown.isEmpty { return found }
        var errors = FieldErrors()
        // One that stands twice is no field only once.
        for (index, name) in Set(unknown).sorted().enumerated() {
            errors.add(Self.unknown(name, known, isFirst: index == 0))
        }
        errors.add(found)
        return errors
    }

    /// The first of an object's unknown members brings the list of the known ones, if it resembles none of them.
    private static func unknown(_ name: String, _ known: [String], isFirst: Bool) -> FieldError {
        let hint =
            if let suggestion = MemberSuggestion.suggestion(for: name, among: Set(known)) {
                "; did you mean \"\(suggestion)\"?"
            } else {
                isFirst ? "; known are \(known.sorted().joined(separator: ", "))" : ""
            }
        return FieldError("/" + FieldError.escaped(name), "there is no such field" + hint)
    }

    mutating func add(_ error: FieldError) {
        found.add(error)
        faulty.insert(error.pointer)
    }

    /// Adds what is wrong within the member that is being read.
    mutating func add(_ others: FieldErrors) {
        guard !others.isEmpty else { return }
        found.add(others, under: name)
        if others.listed.contains(where: \.pointer.isEmpty) { faulty.insert("/" + name) }
    }

    /// Adds what is wrong with the member that is being read.
    mutating func refuse(_ detail: String) {
        add(FieldError("/" + FieldError.escaped(name), detail))
    }

    /// Whether something is wrong with a member itself.
    func hasError(_ pointer: String) -> Bool { faulty.contains(pointer) }

    /// Whether nothing is wrong with any member.
    var areRight: Bool { unknown.isEmpty && found.isEmpty }
}
