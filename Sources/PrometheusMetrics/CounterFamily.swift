/// A metric that counts, with all its series.
public struct CounterFamily: Hashable, Sendable {
    /// Its name, which ends in `_total`.
    public let name: String
    /// What it counts.
    public let help: String
    /// Whether a series that is zero is left out: where many combinations of labels never occur.
    public let omitsZero: Bool

    /// Describes a metric.
    public init(_ name: String, omitsZero: Bool = false, _ help: String) {
        self.name = name
        self.help = help
        self.omitsZero = omitsZero
    }
}
