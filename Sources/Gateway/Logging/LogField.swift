internal import OctetSearch
internal import SMTP

/// One field of a log line.
struct LogField: Sendable {
    enum Value: Sendable {
        case text(String)
        case number(Int)
        /// Written in milliseconds.
        case duration(Duration)
    }

    /// Characters of a value that are written at most.
    static let bound = 1000

    let name: JSONText.Name
    let value: Value

    /// Writes the field as a member of an object.
    func write(to json: inout JSONText) {
        switch value {
        case .text(let text): json.field(name, text)
        case .number(let number): json.member(name, number)
        case .duration(let duration): json.field(name, duration)
        }
    }

    /// A text of no more characters than are written of a value, without those that a terminal could obey or that change
    /// the order of what stands around them.
    static func bounded(_ text: String) -> String {
        // What is ASCII is escaped where it is written; a short text nearly always is.
        guard OctetSearch.unprintable(in: text.utf8.span, from: 0) < text.utf8.count else { return shortened(text) }
        return PrintableText.shown(shortened(text), keepsASCII: true)
    }

    private static func shortened(_ text: String) -> String {
        // A character has an octet at least.
        guard text.utf8.count > bound else { return text }
        let beginning = text.prefix(bound)
        return beginning.endIndex == text.endIndex ? text : beginning + "…"
    }
}

extension JSONText {
    /// Writes a field of a log line that is a text.
    mutating func field(_ name: Name, _ text: String) {
        self.name(name)
        // Nearly every value can be written as it is.
        if !value(plain: text, upTo: LogField.bound) { value(LogField.bounded(text)) }
    }

    /// Writes a field of a log line that is a duration, in milliseconds.
    mutating func field(_ name: Name, _ duration: Duration) {
        self.name(name)
        value(thousandths: duration.nanoseconds / 1000)
    }
}

extension LogField.Value: CustomStringConvertible {
    /// The value as text, as long as one is written at most.
    var description: String {
        switch self {
        case .text(let text): return LogField.bounded(text)
        case .number(let number): return "\(number)"
        case .duration(let duration):
            var number = JSONText()
            number.value(thousandths: duration.nanoseconds / 1000)
            return String(decoding: number.bytes, as: UTF8.self)
        }
    }
}
