internal import InternetMessage
internal import Logging
internal import NIOCore
internal import OTLP
internal import Records
internal import SMTP
internal import Settings
internal import Synchronization

/// The parts of a gateway behind its HTTP server, and how they change: a reload, the drain, the end.
final class GatewayCore: Sendable {
    let handler: GatewayHandler
    let metrics: GatewayMetrics
    private let configuration: LiveConfiguration
    /// What was applied last, and how many times something was.
    private let applied: Mutex<(configuration: GatewayConfiguration, count: Int)>
    /// Relays that a reload has replaced, which live as long as messages use them.
    private let replaced = Mutex<[ReplacedRelay]>([])
    /// Why the client certificate of a relay cannot be renewed: a mistake is told once.
    private let renewalErrors = Mutex<[String: String]>([:])
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
        applied = Mutex((configuration, 0))
        self.records = records
        caught = caughtMessages.map(CaughtPages.init)
        metrics = GatewayMetrics()
        let metrics = metrics
        let relays = RelaySet(
            configuration.relays, configuration.routes, on: eventLoops, metrics: metrics, records: records,
            logger: logger)
        self.logger = logger
        let log = MessageLog(logger: logger, showsAddresses: configuration.logsAddresses)
        self.configuration = LiveConfiguration(
            relays, configuration.access, isLoopback: GatewayConfiguration.isLoopback(configuration.listenHost))
        room = Room(maximum: configuration.maximumInFlight)
        sender = MessageSender(
            eventLoops.map { Delivery(metrics.registry, on: $0) }, records: records, room,
            hostDomain: configuration.hostDomain, log: log)
        sender.countFromZero(relays)
        health = RelayHealth(relays.relays)
        pages = RelayPages(health, self.configuration, room, records, exporter, metrics)
        let endpoints = EndpointTable.gateway(
            pages, caught, vendors: configuration.vendorAPIs, executor: sender.executor)
        let messages = MessageHandler(
            sender,
            MessageComposer(
                signer: configuration.signer, maximumMessageBytes: configuration.maximumMessageBytes,
                tracesMessages: configuration.tracesMessages, records: records),
            hostDomain: configuration.hostDomain, defaultAuthor: configuration.defaultAuthor, tracer: tracer, log: log)
        let threads = max(1, threads)
        handler = GatewayHandler(
            Admission(endpoints: endpoints, configuration: self.configuration, room: room),
            MessageIntake(
                messages, sender, maximumMessageBytes: configuration.maximumMessageBytes, threads: threads),
            Refusals(endpoints: endpoints, log: log),
            (0..<threads).map { _ in RequestMetrics(metrics.registry, paths: endpoints.paths) }, logger: logger)
    }

    /// Takes over keys, relays and routes. Messages under way stay where they are, and a relay that has not changed keeps
    /// its sessions.
    ///
    /// - Throws: ``ConfigurationError`` if there were keys and there are none any more: a file that was emptied must not open
    ///   the gateway.
    func reload(_ configuration: GatewayConfiguration) async throws(ConfigurationError) {
        try applied.withLock { applied throws(ConfigurationError) in
            let access = configuration.access
            guard !access.keys.isEmpty || access.mayBeAnonymous || applied.configuration.access.keys.isEmpty else {
                throw ConfigurationError(
                    Setting.apiKeys.name,
                    "the gateway has keys, and the new configuration has none; write a key, or "
                        + "POSTERN_ALLOW_ANONYMOUS=true to let anyone send")
            }
            applied = (configuration, applied.count + 1)
            let relays = self.configuration.replace(by: configuration.access) {
                self.relays(of: configuration, after: $0)
            }
            sender.countFromZero(relays)
        }
        await health.use(self.configuration.relays.relays)
        metrics.reloaded(true)
    }

    private func relays(of configuration: GatewayConfiguration, after previous: RelaySet) -> RelaySet {
        let relays = RelaySet(
            configuration.relays, configuration.routes, on: eventLoops, metrics: metrics, records: records,
            previous: previous, logger: logger)
        replaced.withLock { replaced in
            replaced.removeAll { $0.relay == nil }
            for relay in previous.relays where !relays.relays.contains(where: { $0 === relay }) {
                replaced.append(ReplacedRelay(relay: relay))
            }
        }
        return relays
    }

    /// Takes over the client certificates of relays whose files have changed, and nothing else. If one cannot be used, the old
    /// one stays, and the log says so.
    func renewClientCertificates() async {
        let (before, count) = applied.withLock { ($0.configuration, $0.count) }
        var renewed = before
        var names: [String] = []
        for (index, relay) in before.relays.enumerated() {
            do throws(ConfigurationError) {
                guard let new = try relay.renewal?() else {
                    renewalErrors.withLock { $0[relay.name] = nil }
                    continue
                }
                renewalErrors.withLock { $0[relay.name] = nil }
                renewed.relays[index] = new
                names.append(relay.name)
            } catch {
                let isNew = renewalErrors.withLock { $0.updateValue("\(error)", forKey: relay.name) != "\(error)" }
                guard isNew else { continue }
                logger.error(
                    "the new client certificate for a relay cannot be used; the old one stays",
                    metadata: ["relay": "\(relay.name)", "exception.message": "\(error)"])
            }
        }
        guard !names.isEmpty else { return }
        let isApplied = applied.withLock { applied in
            // A reload came between, and has read the files itself.
            guard applied.count == count else { return false }
            applied = (renewed, count + 1)
            sender.countFromZero(self.configuration.replaceRelays { self.relays(of: renewed, after: $0) })
            return true
        }
        guard isApplied else { return }
        await health.use(self.configuration.relays.relays)
        for name in names {
            logger.info("the client certificate for a relay was read again", metadata: ["relay": "\(name)"])
        }
    }

    func takeMessagesInFlight() -> (now: Int, most: Int) { (room.inFlight, room.takePeak()) }

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
            let old = replaced.withLock { $0.compactMap(\.relay) }
            for relay in configuration.relays.relays + old {
                group.addTask { await relay.shutdown(grace: .seconds(1)) }
            }
        }
    }
}

/// A relay that is not used for new messages any more.
private struct ReplacedRelay: Sendable {
    weak let relay: Relay?
}
