/// A query parameter that an endpoint knows.
struct QueryParameter: Sendable {
    enum Kind: Sendable {
        /// True, also by its name alone, or false.
        case flag
        /// One of these words.
        case choice([String])
        /// Read by whoever takes it.
        case text
        /// The same, and it may be given again.
        case list
    }

    let name: String
    let kind: Kind

    static func flag(_ name: String) -> QueryParameter { QueryParameter(name: name, kind: .flag) }
    static func choice(_ name: String, _ words: String...) -> QueryParameter {
        QueryParameter(name: name, kind: .choice(words))
    }
    static func text(_ name: String) -> QueryParameter { QueryParameter(name: name, kind: .text) }
    static func list(_ name: String) -> QueryParameter { QueryParameter(name: name, kind: .list) }

    var mayRepeat: Bool {
        if case .list = kind { true } else { false }
    }

    /// What is wrong with a value, or nil.
    func error(in value: String) -> FieldError? {
        switch kind {
        case .flag where !["", "true", "false"].contains(value): error(value, "true or false")
        case .choice(let words) where !words.contains(value): error(value, words.joined(separator: " or "))
        default: nil
        }
    }

    private func error(_ value: String, _ expected: String) -> FieldError {
        FieldError("", "the query parameter \(name) is \(expected), not \(value.prefix(40).debugDescription)")
    }
}
