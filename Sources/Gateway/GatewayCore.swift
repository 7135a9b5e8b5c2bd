internal import InternetMessage
internal import Logging
internal import NIOCore
internal import OTLP
internal import Records
internal import SMTP

/// The parts of a gateway behind its HTTP server, and how they change: a reload, the drain, the end.
final class GatewayCore: Sendable {
    let handler: GatewayHandler
    let metrics: GatewayMetrics
    private let configuration: LiveConfiguration
    private let room: Room
    private let sender: MessageSender
    private let health: RelayHealth
    private let pages: RelayPages
    private let records: any RecordStore
    private let caught: CaughtPages?
    private let eventLoops: [any EventLoop]
    private let logger: Logger

    /// - Parameter threads: how many threads of the HTTP server there are.
    init(
        _ configuration: GatewayConfiguration, eventLoops: [any EventLoop], threads: Int,
        caughtMessages: (any CaughtMessages)?, records: any RecordStore, tracer: RequestTracer?,
        exporter: OTLPExporter?, logger: Logger
    ) {
        self.eventLoops = eventLoops
        self.records = records
        caught = caughtMessages.map(CaughtPages.init)
        metrics = GatewayMetrics()
        let metrics = metrics
        let relays = RelaySet(
            configuration.relays, configuration.routes, on: eventLoops, metrics: metrics, logger: logger)
        self.logger = logger
        let log = MessageLog(logger: logger, showsAddresses: configuration.logsAddresses)
        self.configuration = LiveConfiguration(
            relays, configuration.access, isLoopback: GatewayConfiguration.isLoopback(configuration.listenHost))
        room = Room(maximum: configuration.maximumInFlight)
        sender = MessageSender(
            eventLoops.map { Delivery(relays, metrics.registry, on: $0) }, records: records, room,
            hostDomain: configuration.hostDomain, log: log)
        health = RelayHealth(relays.relays)
        pages = RelayPages(health, self.configuration, room, records, exporter, metrics)
        let endpoints = EndpointTable.gateway(
            pages, caught, vendors: configuration.vendorAPIs, executor: sender.executor)
        handler = GatewayHandler(
            Admission(endpoints: endpoints, configuration: self.configuration, room: room),
            MessageHandler(
                sender,
                MessageComposer(
                    signer: configuration.signer, maximumMessageBytes: configuration.maximumMessageBytes,
                    records: records),
                hostDomain: configuration.hostDomain, defaultAuthor: configuration.defaultAuthor, tracer: tracer,
                log: log),
            sender,
            (0..<max(1, threads)).map { _ in RequestMetrics(metrics.registry, paths: endpoints.paths) },
            maximumMessageBytes: configuration.maximumMessageBytes, log: log)
    }

    /// Takes over keys, relays and routes. Messages under way stay where they are, and a relay that has not changed keeps
    /// its sessions.
    func reload(_ configuration: GatewayConfiguration) async {
        let relays = self.configuration.replace(by: configuration.access) { previous in
            RelaySet(
                configuration.relays, configuration.routes, on: eventLoops, metrics: metrics, previous: previous,
                logger: logger)
        }
        sender.replaceRelays(by: relays)
        await health.use(relays.relays)
        metrics.reloaded(true)
    }

    /// From now on the gateway says that it is not ready.
    func reportDraining() {
        pages.reportDraining()
    }

    /// From now on no new message is taken.
    func drain() {
        reportDraining()
        room.close()
        caught?.close()
    }

    /// Ends the store of records, when nobody asks it any more.
    func closeRecords() async {
        await records.close()
    }

    /// Ends all sessions.
    func shutdown() async {
        await health.stop()
        sender.shutdown()
        // Side by side: one may wait for a token endpoint.
        await withDiscardingTaskGroup { group in
            for relay in configuration.relays.relays { group.addTask { await relay.shutdown(grace: .seconds(1)) } }
        }
    }
}
