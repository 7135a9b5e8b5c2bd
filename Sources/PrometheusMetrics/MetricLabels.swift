/// The labels of a series, as Prometheus's text format has them.
public struct MetricLabels: Hashable, Sendable {
    /// `name="value"`, separated by commas; empty where there are none.
    let text: String

    /// Characters of a value at most: a label is a name, and not a place for what came from outside.
    private static let bound = 128

    /// Labels in their order; a value may be any text.
    public init(_ labels: [(name: String, value: String)] = []) {
        text = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
    }

    private init(text: String) {
        self.text = text
    }

    /// With one label more.
    public func adding(_ name: String, _ value: String) -> MetricLabels {
        let label = "\(name)=\"\(Self.escaped(value))\""
        return MetricLabels(text: text.isEmpty ? label : text + "," + label)
    }

    private static func escaped(_ value: String) -> String {
        String(value.prefix(bound)).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n", with: "\\n")
    }
}
