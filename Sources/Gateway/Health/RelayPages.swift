internal import HTTPServer
internal import OTLP
internal import PrometheusMetrics
internal import Records
internal import SMTP
internal import Synchronization

/// What the gateway says of its relays and of itself: readiness and metrics.
final class RelayPages: Sendable {
    private let health: RelayHealth
    private let configuration: LiveConfiguration
    private let room: Room
    private let records: any RecordStore
    private let exporter: OTLPExporter?
    private let metrics: GatewayMetrics
    private let isLeaving = Atomic<Bool>(false)

    init(
        _ health: RelayHealth, _ configuration: LiveConfiguration, _ room: Room, _ records: any RecordStore,
        _ exporter: OTLPExporter?, _ metrics: GatewayMetrics
    ) {
        self.health = health
        self.configuration = configuration
        self.room = room
        self.records = records
        self.exporter = exporter
        self.metrics = metrics
    }

    /// From now on the gateway says that it is not ready.
    func reportDraining() {
        isLeaving.store(true, ordering: .relaxed)
    }

    /// Whether messages can be sent now.
    func readiness() async -> HTTPResponse {
        let isLeaving = isLeaving.load(ordering: .relaxed)
        // Whoever asks is to hear at once that this instance is leaving, and the relays need not be asked for that.
        let findings = isLeaving ? await health.last : await health.check()
        let choices = configuration.relays.choices.map { $0.map(\.name) }
        return HealthResponse.ready(
            findings, choices: choices, store: records.status, isDraining: isLeaving,
            version: GatewayVersion.current)
    }

    /// All metrics, as Prometheus reads them.
    func figures() async -> HTTPResponse {
        let up = Dictionary(
            await health.watched().map { ($0.name, $0.error == nil) }, uniquingKeysWith: { first, _ in first })
        var relays: [GatewayMetrics.Figures.OfRelay] = []
        for relay in configuration.relays.relays {
            let pool = await relay.pool.figures
            relays.append(
                GatewayMetrics.Figures.OfRelay(
                    name: relay.name, pool: pool, breaker: relay.breakerState.figure, isUp: up[relay.name]))
        }
        let text = metrics.text(
            GatewayMetrics.Figures(
                relays: relays, store: records.status, spans: exporter?.figures, inFlight: room.inFlight,
                isDraining: isLeaving.load(ordering: .relaxed)))
        return HTTPResponse(
            status: 200, headers: [("Content-Type", PrometheusText.contentType)], body: Array(text.utf8))
    }
}
