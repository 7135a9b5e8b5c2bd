internal import JSON

/// A JSON array of messages, each with errors of its own.
struct MessageList<Element: Decodable>: Decodable {
    /// The most elements that are read: what Postmark takes.
    private static var maximumRead: Int { 500 }

    /// A message, or nil if an element is something else.
    private(set) var elements: [Element?] = []
    /// How many elements there are.
    let count: Int

    init(from decoder: any Decoder) throws {
        var list = try Elements(of: decoder)
        count = list.count
        while !list.isAtEnd, elements.count < Self.maximumRead { elements.append(list.part()) }
    }

    /// Checks how many there are.
    ///
    /// - Throws: a ``Problem`` if there is none, or more than allowed.
    func checkCount(maximum: Int) throws(Problem) {
        if count == 0 { throw .invalid([FieldError("", "there is no message in the list")]) }
        if count > maximum {
            throw .tooManyMessages(maximum: maximum)
        }
    }
}

extension Problem {
    /// A list holds more messages than its API takes.
    fileprivate static func tooManyMessages(maximum: Int) -> Problem {
        Problem(
            "too-many-messages", "There are too many messages", status: 422,
            detail: "there are more than \(maximum) messages; send them \(maximum) at a time"
        ).notSent(retryable: false)
    }
}

extension Sequence<[String]> {
    /// All of the texts, each once, in their order.
    func distinct() -> [String] {
        var seen: Set<String> = []
        return joined().filter { seen.insert($0).inserted }
    }
}
