/// Writes the text format of Prometheus, version 0.0.4.
///
/// ```swift
/// var text = PrometheusText()
/// text.write(GaugeFamily("shop_open", "Whether the shop is open: 1 or 0."), 1)
/// print(text.text)
/// ```
public struct PrometheusText {
    /// The media type of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What was written so far.
    public private(set) var text = ""
    /// The family that was begun last.
    private var family = ""

    /// An empty text.
    public init() {}

    /// Writes the lines that describe a family; its samples follow.
    public mutating func begin(_ family: MetricFamily) {
        self.family = family.name
        text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind)\n"
    }

    /// Writes a sample of the family that was begun last.
    public mutating func sample(_ labels: MetricLabels, _ value: Double) {
        sample(family, labels, value)
    }

    /// Writes a counter that has one sample.
    public mutating func write(_ family: CounterFamily, _ value: Double, _ labels: MetricLabels = MetricLabels()) {
        begin(.counter(family))
        sample(labels, value)
    }

    /// Writes a gauge that has one sample.
    public mutating func write(_ family: GaugeFamily, _ value: Double, _ labels: MetricLabels = MetricLabels()) {
        begin(.gauge(family))
        sample(labels, value)
    }

    /// Writes the samples of a histogram of the family that was begun last. Buckets count all that is at or below their
    /// bound; bounds and sum are nanoseconds and are written in seconds.
    mutating func histogram(_ labels: MetricLabels, bounds: [Int], counts: [Int], sum: Int) {
        var total = 0
        for (bound, count) in zip(bounds, counts) {
            total += count
            sample(
                family + "_bucket", labels.adding("le", Self.number(Double(bound) / 1e9)), Double(total))
        }
        total += counts.last ?? 0
        sample(family + "_bucket", labels.adding("le", "+Inf"), Double(total))
        sample(family + "_sum", labels, Double(sum) / 1e9)
        sample(family + "_count", labels, Double(total))
    }

    private mutating func sample(_ name: String, _ labels: MetricLabels, _ value: Double) {
        text += labels.text.isEmpty ? name : "\(name){\(labels.text)}"
        text += " \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int(exactly: value) { return String(whole) }
        return String(value)
    }
}
