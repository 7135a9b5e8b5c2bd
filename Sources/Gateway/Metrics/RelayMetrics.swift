internal import CoreMetrics
internal import SMTP

/// What is counted of a relay beside its messages: its sessions, its breaker, its rate.
final class RelayMetrics: SMTPPoolObserver {
    private let connect: Timer
    private let tls: Timer
    private let failures: [SMTPStage: Counter]
    private let openings: Counter
    private let refusedByRate: Counter

    init(_ name: String, _ factory: MetricRegistry) {
        let relay = [("relay", name)]
        connect = Timer(label: MetricFamily.connectTime.name, dimensions: relay, factory: factory)
        tls = Timer(label: MetricFamily.tlsTime.name, dimensions: relay, factory: factory)
        failures = Dictionary(
            uniqueKeysWithValues: SMTPStage.allCases.map { stage in
                let labels = relay + [("stage", stage.rawValue)]
                return (stage, Counter(label: MetricFamily.sessionFailures.name, dimensions: labels, factory: factory))
            })
        openings = Counter(label: MetricFamily.breakerOpenings.name, dimensions: relay, factory: factory)
        refusedByRate = Counter(label: MetricFamily.throttled.name, dimensions: relay, factory: factory)
    }

    func sessionEstablished(connect: Duration, tls: Duration?) {
        self.connect.recordNanoseconds(connect.nanoseconds)
        if let tls { self.tls.recordNanoseconds(tls.nanoseconds) }
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

extension Duration {
    /// Whole nanoseconds; durations here are hours at most.
    var nanoseconds: Int64 {
        // Nearly all are of less than nine seconds, and need no division of 128 bits.
        if let attoseconds = Int64(exactly: attoseconds) { return attoseconds / 1_000_000_000 }
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
