internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import Settings

/// Which of the caught messages a request is about.
struct CaughtQuery: Sendable {
    /// Where the messages begin that count.
    enum Start: Sendable {
        /// After the message of this number.
        case message(Int)
        /// After this time.
        case time(Date)
    }

    /// The longest that a request may wait for a message.
    static let maximumWait = Duration.seconds(60)

    /// The greatest limit: more than any inbox keeps.
    private static let maximumLimit = 1_000_000

    /// The parameters that choose messages.
    static let filters: [QueryParameter] = ["to", "from", "subject", "text", "after"].map(QueryParameter.text)
    /// Those of a list, which may be short and may be waited for.
    static let all = filters + [.text("limit"), .text("wait")]

    private let to: ContainedText?
    private let from: ContainedText?
    private let subject: ContainedText?
    private let text: ContainedText?
    private let start: Start?
    /// Most messages of the response; nil for no bound but the inbox's.
    let limit: Int?
    /// How long to wait for a message if there is none; nil for not at all.
    let wait: Duration?

    /// Reads the parameters of a request.
    ///
    /// - Throws: a ``Problem`` with 422 that names every one that is malformed.
    init(_ query: HTTPQuery, of inbox: any CaughtMessages) throws(Problem) {
        var errors = FieldErrors()
        func read<Value>(_ name: String, _ expected: String, _ value: (String) -> Value?) -> Value? {
            guard let text = query[name] else { return nil }
            if let value = value(text) { return value }
            let shown = text.prefix(60).debugDescription
            errors.add(FieldError("", "the query parameter \(name) is \(expected), not \(shown)"))
            return nil
        }
        func text(_ name: String) -> ContainedText? {
            read(name, "a text of 1 to \(ContainedText.maximumCharacters) characters", ContainedText.init)
        }
        to = text("to")
        from = text("from")
        subject = text("subject")
        self.text = text("text")
        start = read("after", "the id of a message or a time such as 2026-11-29T09:00:00Z") { text in
            inbox.number(of: text).map(Start.message) ?? InternetTime(text).map { .time($0.date) }
        }
        limit = read("limit", "a whole number, such as 50") { text in
            Int(text).flatMap { (0...Self.maximumLimit).contains($0) ? $0 : nil }
        }
        wait = read("wait", "a time such as 500ms or 10s, 60s at most") { text in
            SettingKind.time(text).flatMap { $0 <= Self.maximumWait ? $0 : nil }
        }
        if !errors.isEmpty { throw .invalidQuery(errors) }
    }

    /// Whether nothing is asked for, so that every message matches.
    var matchesAll: Bool { to == nil && from == nil && subject == nil && text == nil && start == nil }

    /// Whether a message is one of those asked for: what is given has to be contained, ignoring case.
    func matches(_ message: CaughtMessage) -> Bool {
        let content = message.content
        switch start {
        case .message(let number) where message.number <= number: return false
        case .time(let time) where message.receivedAt <= time: return false
        default: break
        }
        if let from, !from.isContained(in: message.reversePath), !from.isContained(in: content.from) { return false }
        if let to, !(message.recipients + content.to + content.cc).contains(where: to.isContained) { return false }
        if let subject, !subject.isContained(in: content.subject) { return false }
        guard let text else { return true }
        return [content.text, content.html].contains { part in
            part.map { text.isContained(in: $0.text) } ?? false
        }
    }
}
