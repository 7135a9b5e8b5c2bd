internal import PrometheusMetrics
internal import SMTP

/// What is counted of a relay beside its messages: its sessions, its breaker, its rate.
final class RelayMetrics: SMTPPoolObserver {
    private let connect: Histogram
    private let tls: Histogram
    private let failures: [SMTPStage: Counter]
    private let openings: Counter
    private let refusedByRate: Counter

    init(_ name: String, _ registry: MetricRegistry) {
        let relay = MetricLabels([("relay", name)])
        connect = registry.histogram(.connectTime, relay)
        tls = registry.histogram(.tlsTime, relay)
        failures = Dictionary(
            uniqueKeysWithValues: SMTPStage.allCases.map { stage in
                (stage, registry.counter(.sessionFailures, relay.adding("stage", stage.rawValue)))
            })
        openings = registry.counter(.breakerOpenings, relay)
        refusedByRate = registry.counter(.throttled, relay)
    }

    func sessionEstablished(connect: Duration, tls: Duration?) {
        self.connect.record(nanoseconds: connect.nanoseconds)
        if let tls { self.tls.record(nanoseconds: tls.nanoseconds) }
    }

    func sessionFailed(_ error: SMTPError) {
        failures[error.stage]?.increment()
    }

    func breakerOpened() {
        openings.increment()
    }

    func throttled() {
        refusedByRate.increment()
    }
}
