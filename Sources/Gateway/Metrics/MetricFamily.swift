/// A metric with all its series: what it counts, in which unit, and by which labels.
struct MetricFamily: Hashable {
    enum Kind: Hashable {
        case counter
        case gauge
        /// Durations, in buckets whose upper bounds are nanoseconds.
        case histogram([Int])

        var name: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    let name: String
    let kind: Kind
    let help: String
    /// Whether a series that is zero is left out: where many combinations of labels never occur.
    let omitsZero: Bool

    init(_ name: String, _ kind: Kind, omitsZero: Bool = false, _ help: String) {
        self.name = name
        self.kind = kind
        self.omitsZero = omitsZero
        self.help = help
    }

    /// From half a millisecond, in which a relay on the same host answers, to the minutes that RFC 5321,
    /// section 4.5.3.2, allows.
    static let times = Kind.histogram(
        [500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000]
            .map { $0 * 1000 } + [10, 30, 60, 300].map { $0 * 1_000_000_000 })
}
