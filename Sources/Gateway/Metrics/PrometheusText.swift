/// Writes the text format of Prometheus, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""
    /// The family that was begun last.
    private var family = ""

    /// The lines that describe a family; its samples follow.
    mutating func begin(_ family: MetricFamily) {
        self.family = family.name
        text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.name)\n"
    }

    /// A sample of the family that was begun last.
    mutating func sample(_ labels: Labels, _ value: Double) {
        sample(family, labels, value)
    }

    mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        text += labels.text.isEmpty ? name : "\(name){\(labels.text)}"
        text += " \(Self.number(value))\n"
    }

    /// Buckets count all that is at or below their bound; bounds and sum are nanoseconds and are written in seconds.
    mutating func histogram(_ name: String, _ labels: Labels, bounds: [Int], counts: [Double], sum: Double) {
        var total = 0.0
        for (bound, count) in zip(bounds, counts) {
            total += count
            sample(name + "_bucket", labels.adding("le", Self.number(Double(bound) / 1e9)), total)
        }
        total += counts.last ?? 0
        sample(name + "_bucket", labels.adding("le", "+Inf"), total)
        sample(name + "_sum", labels, sum / 1e9)
        sample(name + "_count", labels, total)
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int(exactly: value) { return String(whole) }
        return String(value)
    }
}
