/// A metric of any kind: the row of a table of metrics.
public enum MetricFamily: Hashable, Sendable {
    /// A metric that counts.
    case counter(CounterFamily)
    /// A metric whose value goes up and down.
    case gauge(GaugeFamily)
    /// A metric that counts durations.
    case histogram(HistogramFamily)

    /// The metric's name.
    public var name: String {
        switch self {
        case .counter(let family): family.name
        case .gauge(let family): family.name
        case .histogram(let family): family.name
        }
    }

    /// What it says.
    public var help: String {
        switch self {
        case .counter(let family): family.help
        case .gauge(let family): family.help
        case .histogram(let family): family.help
        }
    }

    /// The kind, as Prometheus calls it.
    public var kind: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
