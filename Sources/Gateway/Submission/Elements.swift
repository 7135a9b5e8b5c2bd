internal import JSON

/// Reads the elements of a JSON list in their order.
struct Elements: ~Copyable {
    private let cursor: DocumentCursor
    /// The decoder's list of the elements that are not strings; nil if none of them is read.
    private var list: (any UnkeyedDecodingContainer)?
    /// The indexes of the next value, which is an object, a list or a string in it, and of the first behind the list.
    private var upcoming: Int
    private let end: Int
    /// How many there are.
    let count: Int
    /// The place of the next.
    private(set) var index = 0

    /// The elements of the list that is being decoded.
    ///
    /// - Throws: a `DecodingError` if that is no list.
    init(of decoder: any Decoder) throws {
        guard let cursor = DocumentCursor.current, cursor.document.values[cursor.place].kind == .list else {
            throw DecodingError.typeMismatch(
                [Anything].self, DecodingError.Context(codingPath: [], debugDescription: "this is no list"))
        }
        self.init(cursor.place, cursor, try decoder.unkeyedContainer())
    }

    /// The elements of a list.
    ///
    /// - Parameter index: the index of its value.
    init(_ index: Int, _ cursor: DocumentCursor, _ list: (any UnkeyedDecodingContainer)?) {
        self.cursor = cursor
        self.list = list
        upcoming = index + 1
        end = cursor.document.values[index].end
        count = cursor.document.values[index].count
    }

    var isAtEnd: Bool { index == count }

    /// The value of the next element; nil if it is a number, true, false or null, or there is none.
    private var value: JSONValue? {
        guard upcoming < end else { return nil }
        let value = cursor.document.values[upcoming]
        return value.index == index ? value : nil
    }

    /// Reads the next element if it is a string; any other remains the next.
    mutating func text() -> String? {
        guard let value, value.kind == .string else { return nil }
        index += 1
        upcoming = value.end
        return cursor.document.text(of: value)
    }

    /// Makes a model of the next element, which is an object or a list. Anything else is skipped.
    mutating func part<Part: Decodable>(_ type: Part.Type = Part.self) -> Part? {
        let value = value
        index += 1
        if let value {
            cursor.place = upcoming
            upcoming = value.end
            if value.kind == .string { return nil }
            if let part = try? list?.decode(type) { return part }
        }
        _ = try? list?.decode(Anything.self)
        return nil
    }
}
