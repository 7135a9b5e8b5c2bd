internal import JSON

/// Reads the elements of a JSON list in their order.
struct Elements: ~Copyable {
    private let cursor: DocumentCursor
    private var list: any UnkeyedDecodingContainer
    /// The indexes of the value of the next object or list in it, and of the first behind it.
    private var upcoming: Int
    private let end: Int
    /// How many there are.
    let count: Int

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
    init(_ index: Int, _ cursor: DocumentCursor, _ list: any UnkeyedDecodingContainer) {
        self.cursor = cursor
        self.list = list
        upcoming = index + 1
        end = cursor.document.values[index].end
        count = cursor.document.values[index].count
    }

    var isAtEnd: Bool { list.isAtEnd }
    /// The place of the next element.
    var index: Int { list.currentIndex }

    /// Whether the next element is an object or a list.
    private var isNested: Bool { upcoming < end && cursor.document.values[upcoming].index == list.currentIndex }

    /// Reads the next element if it is a string; any other is left.
    mutating func text() -> String? {
        isNested ? nil : try? list.decode(String.self)
    }

    /// Reads the next element as an object, or a list, that makes a model; nil if it is something else.
    mutating func part<Part: Decodable>(_ type: Part.Type = Part.self) -> Part? {
        guard isNested else {
            _ = try? list.decode(Anything.self)
            return nil
        }
        cursor.place = upcoming
        upcoming = cursor.document.values[upcoming].end
        if let part = try? list.decode(type) { return part }
        _ = try? list.decode(Anything.self)
        return nil
    }
}
