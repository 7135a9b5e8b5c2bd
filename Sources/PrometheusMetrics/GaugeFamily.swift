/// A metric whose value goes up and down, with all its series.
public struct GaugeFamily: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// What its value is.
    public let help: String

    /// Describes a metric.
    public init(_ name: String, _ help: String) {
        self.name = name
        self.help = help
    }
}
