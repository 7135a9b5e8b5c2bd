internal import Logging

/// The fields of a log line in their order, numbers as numbers.
///
/// A line is written for every message. As metadata, each field would cost a text, and a place in a dictionary that loses
/// the order; so they go through the logger as one value, of which ``GatewayLogHandler`` makes fields again. Another handler
/// gets its description.
struct LogFields: CustomStringConvertible, Sendable {
    enum Value: Sendable {
        case text(String)
        case number(Int)
        /// Written in milliseconds.
        case duration(Duration)
    }

    private(set) var fields: [(name: JSONText.Name, value: Value)] = []

    init() {
        fields.reserveCapacity(16)
    }

    mutating func add(_ name: JSONText.Name, _ text: String) {
        fields.append((name, .text(text)))
    }

    mutating func add(_ name: JSONText.Name, _ number: Int) {
        fields.append((name, .number(number)))
    }

    mutating func add(_ name: JSONText.Name, _ duration: Duration) {
        fields.append((name, .duration(duration)))
    }

    /// The fields as metadata of a log event.
    var metadata: Logger.Metadata { ["fields": .stringConvertible(self)] }

    /// The fields that stand in a value of metadata.
    init?(_ value: Logger.Metadata.Value) {
        guard case .stringConvertible(let described) = value, let fields = described as? LogFields else { return nil }
        self = fields
    }

    /// Each field's name with its value as text.
    var texts: [(String, String)] {
        fields.map { name, value in
            switch value {
            case .text(let text): (name.text, text)
            case .number(let number): (name.text, String(number))
            case .duration(let duration):
                (
                    name.text,
                    "\(duration.nanoseconds / 1_000_000).\(String(duration.nanoseconds / 1000 % 1000 + 1000).dropFirst())"
                )
            }
        }
    }

    var description: String {
        texts.map { "\($0)=\($1)" }.joined(separator: " ")
    }
}
