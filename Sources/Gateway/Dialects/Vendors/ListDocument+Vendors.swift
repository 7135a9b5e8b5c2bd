extension ListDocument {
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
