internal import Synchronization

/// The metrics of one gateway, which can be read as Prometheus's text.
///
/// Making a metric takes a lock; counting takes none. A counter or a histogram that is made twice for the same labels is two,
/// whose sum is exported; of gauges the last one counts.
public final class MetricRegistry: Sendable {
    /// Series of all families together. Far more than the gateway has with a hundred relays; whatever would be beyond is
    /// not exported, so that no caller can make the export grow without end.
    static let bound = 20_000

    /// What was made for each family and its labels.
    private typealias Series<Metric> = [String: [MetricLabels: [Metric]]]

    private struct State {
        var counters: Series<Counter> = [:]
        var gauges: Series<Gauge> = [:]
        var histograms: Series<Histogram> = [:]
        var count = 0

        /// Has a metric exported if there is room.
        mutating func add<Metric>(
            _ metric: Metric, to series: WritableKeyPath<State, Series<Metric>>, _ name: String, _ labels: MetricLabels
        ) {
            if self[keyPath: series][name]?[labels] == nil {
                guard count < MetricRegistry.bound else { return }
                count += 1
            }
            self[keyPath: series][name, default: [:]][labels, default: []].append(metric)
        }
    }

    private let state = Mutex(State())
    private let families: [MetricFamily]

    /// - Parameter families: what is exported, in this order.
    public init(_ families: [MetricFamily]) {
        self.families = families
    }

    /// A new counter.
    public func counter(_ family: CounterFamily, _ labels: MetricLabels = MetricLabels()) -> Counter {
        let counter = Counter()
        state.withLock { $0.add(counter, to: \.counters, family.name, labels) }
        return counter
    }

    /// A new gauge.
    public func gauge(_ family: GaugeFamily, _ labels: MetricLabels = MetricLabels()) -> Gauge {
        let gauge = Gauge()
        state.withLock { $0.add(gauge, to: \.gauges, family.name, labels) }
        return gauge
    }

    /// A new histogram.
    public func histogram(_ family: HistogramFamily, _ labels: MetricLabels = MetricLabels()) -> Histogram {
        let histogram = Histogram(family.bounds)
        state.withLock { $0.add(histogram, to: \.histograms, family.name, labels) }
        return histogram
    }

    /// Writes all series that there are now, family by family in the table's order.
    public func write(into text: inout PrometheusText) {
        let (counters, gauges, histograms) = state.withLock { ($0.counters, $0.gauges, $0.histograms) }
        for family in families {
            switch family {
            case .counter(let counter):
                guard let series = counters[counter.name] else { continue }
                text.begin(family)
                for (labels, counters) in Self.sorted(series) {
                    let sum = counters.reduce(0) { $0 + $1.value }
                    if sum != 0 || !counter.omitsZero { text.sample(labels, Double(sum)) }
                }
            case .gauge(let gauge):
                guard let series = gauges[gauge.name] else { continue }
                text.begin(family)
                for (labels, gauges) in Self.sorted(series) {
                    if let last = gauges.last { text.sample(labels, last.value) }
                }
            case .histogram(let histogram):
                guard let series = histograms[histogram.name] else { continue }
                text.begin(family)
                for (labels, histograms) in Self.sorted(series) {
                    Self.write(histograms, histogram, labels, into: &text)
                }
            }
        }
    }

    private static func sorted<Metric>(
        _ series: [MetricLabels: [Metric]]
    ) -> [(key: MetricLabels, value: [Metric])] {
        series.sorted { $0.key.text < $1.key.text }
    }

    private static func write(
        _ histograms: [Histogram], _ family: HistogramFamily, _ labels: MetricLabels, into text: inout PrometheusText
    ) {
        var counts = [Int](repeating: 0, count: family.bounds.count + 1)
        var sum = 0
        for histogram in histograms {
            let value = histogram.value
            for index in counts.indices { counts[index] += value.counts[index] }
            sum += value.sum
        }
        if family.omitsZero, counts.allSatisfy({ $0 == 0 }) { return }
        text.histogram(labels, bounds: family.bounds, counts: counts, sum: sum)
    }
}
