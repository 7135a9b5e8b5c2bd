internal import OTLP
internal import PrometheusMetrics
internal import Records
internal import SMTP
internal import Synchronization

/// The metrics of a gateway, and how they are read.
final class GatewayMetrics: Sendable {
    let registry = MetricRegistry(MetricFamily.all)
    private let relays = Mutex<[String: RelayMetrics]>([:])
    private let reloads: Counter
    private let failedReloads: Counter

    init() {
        reloads = registry.counter(.reloads, MetricLabels([("result", "success")]))
        failedReloads = registry.counter(.reloads, MetricLabels([("result", "failure")]))
    }

    /// The metrics of a relay, the same ones for the same name.
    func relay(_ name: String) -> RelayMetrics {
        relays.withLock { relays in
            if let known = relays[name] { return known }
            let new = RelayMetrics(name, registry)
            relays[name] = new
            return new
        }
    }

    func reloaded(_ succeeded: Bool) {
        (succeeded ? reloads : failedReloads).increment()
    }

    /// What is only known when it is asked for.
    struct Figures {
        struct OfRelay {
            let name: String
            let pool: SMTPSessionPool.Figures
            /// 0 closed, 1 half-open, 2 open.
            let breaker: Double
            /// The last probe's result; nil if there was none.
            let isUp: Bool?
        }

        let relays: [OfRelay]
        let store: RecordStoreStatus
        /// What became of spans; nil if none are exported.
        let spans: OTLPFigures?
        let inFlight: Int
        let isDraining: Bool
    }

    /// Everything, as Prometheus reads it.
    func text(_ figures: Figures) -> String {
        var text = PrometheusText()
        registry.write(into: &text)
        text.gauge(.poolSessions, figures.relays) { text, relay, labels in
            let pool = relay.pool
            text.sample(labels.adding("state", "busy"), Double(pool.sessions - pool.idle))
            text.sample(labels.adding("state", "idle"), Double(pool.idle))
            text.sample(labels.adding("state", "connecting"), Double(pool.connecting))
        }
        text.gauge(.poolWaiting, figures.relays) { $0.sample($2, Double($1.pool.waiting)) }
        text.gauge(.breaker, figures.relays) { $0.sample($2, $1.breaker) }
        text.gauge(.relayUp, figures.relays) { text, relay, labels in
            if let isUp = relay.isUp { text.sample(labels, isUp ? 1 : 0) }
        }
        text.write(.storeUp, figures.store.error == nil ? 1 : 0, MetricLabels([("store", figures.store.kind.rawValue)]))
        text.write(.storeEvictions, Double(figures.store.evicted))
        if let spans = figures.spans {
            text.begin(.counter(.spans))
            for (result, count) in [("exported", spans.exported), ("dropped", spans.dropped), ("failed", spans.failed)]
            {
                text.sample(MetricLabels([("result", result)]), Double(count))
            }
        }
        text.write(.inFlight, Double(figures.inFlight))
        text.write(.draining, figures.isDraining ? 1 : 0)
        text.write(.build, 1, MetricLabels([("version", GatewayVersion.current)]))
        ProcessFigures()?.write(into: &text)
        return text.text
    }
}

extension PrometheusText {
    /// A family with samples for each relay.
    mutating func gauge(
        _ family: GaugeFamily, _ relays: [GatewayMetrics.Figures.OfRelay],
        _ samples: (inout PrometheusText, GatewayMetrics.Figures.OfRelay, MetricLabels) -> Void
    ) {
        begin(.gauge(family))
        for relay in relays { samples(&self, relay, MetricLabels([("relay", relay.name)])) }
    }
}
