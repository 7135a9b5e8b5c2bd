internal import Logging

/// The fields of a log line in their order, each with its value as it is: they become text or JSON when the line is written.
///
/// As metadata, each field would cost a text, and a place in a dictionary that loses the order. To a handler that is not
/// ``GatewayLogHandler`` they go as one value of metadata, which describes itself.
struct LogFields: CustomStringConvertible, Sendable {
    private var all: [LogField] = []

    init() {}

    mutating func add(_ name: JSONText.Name, _ text: String) {
        all.append(LogField(name: name, value: .text(text)))
    }

    mutating func add(_ name: JSONText.Name, _ number: Int) {
        all.append(LogField(name: name, value: .number(number)))
    }

    mutating func add(_ name: JSONText.Name, _ duration: Duration) {
        all.append(LogField(name: name, value: .duration(duration)))
    }

    /// Writes the fields as members of an object.
    func write(to json: inout JSONText) {
        // Without copies of the fields: each would count references.
        let fields = all.span
        for index in fields.indices { fields[index].write(to: &json) }
    }

    /// The fields as metadata of a log event.
    var metadata: Logger.Metadata { ["fields": .stringConvertible(self)] }

    /// The fields that a value of metadata holds.
    init?(_ value: Logger.Metadata.Value) {
        guard case .stringConvertible(let described) = value, let fields = described as? LogFields else { return nil }
        self = fields
    }

    /// Each field's name with its value as text.
    var texts: [(String, String)] { all.map { ($0.name.description, $0.value.description) } }

    var description: String {
        texts.map { "\($0)=\($1)" }.joined(separator: " ")
    }
}
