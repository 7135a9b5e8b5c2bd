/// A JSON array of messages, each with errors of its own.
struct MessageList<Element: Decodable>: Decodable {
    /// The most elements that are read; every vendor's limit is lower.
    private static var maximumRead: Int { 1_001 }

    /// A message, or nil if an element is something else.
    private(set) var elements: [Element?] = []

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd, elements.count < Self.maximumRead {
            if let element = try? list.decode(Element.self) {
                elements.append(element)
            } else {
                elements.append(nil)
                // The element that could not be read is ignored.
                _ = try list.decode(Anything.self)
            }
        }
    }

    /// Checks how many there are.
    ///
    /// - Throws: a ``Problem`` if there is none, or more than allowed.
    func checkCount(maximum: Int) throws(Problem) {
        if elements.isEmpty { throw .invalid([FieldError("", "there is no message in the list")]) }
        if elements.count > maximum {
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
