internal import CoreMetrics
internal import Synchronization

/// The metrics of one gateway: a backend of swift-metrics that is read as Prometheus's text.
///
/// Making a metric takes a lock; counting takes none. A metric that is made twice has two cells, whose sum is exported.
final class MetricRegistry: MetricsFactory {
    /// Series of all families together. Far more than the gateway has with a hundred relays; whatever would be beyond is
    /// not exported, so that no caller can make the export grow without end.
    static let bound = 20_000

    private struct State {
        var families: [String: MetricFamily]
        var series: [String: [Labels: [any AnyObject & Sendable]]] = [:]
        var count = 0
    }

    private let state: Mutex<State>

    init(_ families: [MetricFamily] = MetricFamily.all) {
        state = Mutex(State(families: Dictionary(uniqueKeysWithValues: families.map { ($0.name, $0) })))
    }

    // MARK: MetricsFactory

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        add(CounterCell(), label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        add(GaugeCell(), label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        add(HistogramCell(bounds(of: label)), label, dimensions)
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private func bounds(of label: String) -> [Int] {
        state.withLock { state in
            guard case .histogram(let bounds)? = state.families[label]?.kind else { return [] }
            return bounds
        }
    }

    /// A metric that is in no family counts for nobody: only what is described is exported.
    private func add<Cell: AnyObject & Sendable>(
        _ cell: Cell, _ label: String, _ dimensions: [(String, String)]
    ) -> Cell {
        let labels = Labels(dimensions)
        state.withLock { state in
            guard state.families[label] != nil, state.count < Self.bound else { return }
            state.series[label, default: [:]][labels, default: []].append(cell)
            state.count += 1
        }
        return cell
    }

    // MARK: The export

    /// All series that there are now, family by family in the table's order.
    func write(_ families: [MetricFamily] = MetricFamily.all, into text: inout PrometheusText) {
        let series = state.withLock { $0.series }
        for family in families {
            guard let ofFamily = series[family.name] else { continue }
            text.begin(family)
            for (labels, cells) in ofFamily.sorted(by: { $0.key.text < $1.key.text }) {
                write(cells, labels, family, into: &text)
            }
        }
    }

    private func write(
        _ cells: [any AnyObject & Sendable], _ labels: Labels, _ family: MetricFamily, into text: inout PrometheusText
    ) {
        switch family.kind {
        case .counter:
            let sum = cells.reduce(0) { $0 + (($1 as? CounterCell)?.value ?? 0) }
            if sum != 0 || !family.omitsZero { text.sample(family.name, labels, sum) }
        case .gauge:
            if let last = cells.last as? GaugeCell { text.sample(family.name, labels, last.value) }
        case .histogram(let bounds):
            var counts = [Double](repeating: 0, count: bounds.count + 1)
            var sum = 0.0
            for case let cell as HistogramCell in cells {
                let value = cell.value
                for index in counts.indices { counts[index] += value.buckets[index] }
                sum += value.sum
            }
            if family.omitsZero, counts.allSatisfy({ $0 == 0 }) { return }
            text.histogram(family.name, labels, bounds: bounds, counts: counts, sum: sum)
        }
    }
}
