/// The labels of a series, as Prometheus's text format has them.
struct Labels: Hashable {
    /// `name="value"`, separated by commas; empty where there are none.
    let text: String

    /// Characters of a value at most: a label is a name, and not a place for what came from outside.
    private static let bound = 128

    init(_ dimensions: [(String, String)] = []) {
        text = dimensions.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
    }

    private init(text: String) {
        self.text = text
    }

    /// With one label more.
    func adding(_ name: String, _ value: String) -> Labels {
        let label = "\(name)=\"\(Self.escaped(value))\""
        return Labels(text: text.isEmpty ? label : text + "," + label)
    }

    private static func escaped(_ value: String) -> String {
        String(value.prefix(bound)).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n", with: "\\n")
    }
}
