import CAllocator
import Gateway
import Logging
import Sandbox
import ServiceLifecycle
import Settings
import Synchronization
import UnixSignals

/// The gateway for as long as it serves: it reloads on SIGHUP, and drains on the signal to stop.
///
/// It is started here, where the group of services has its signals: whoever finds the port open may send one at once.
final class GatewayService: Service {
    private let start: @Sendable () throws -> Gateway
    private let sandbox: SandboxServer?
    private let logger: Logger
    private let delay: Duration
    private let configuration: @Sendable () throws(ConfigurationError) -> GatewayConfiguration
    private let wasCutShort = Atomic<Bool>(false)

    /// Whether every message was finished when the gateway ended.
    var isComplete: Bool { !wasCutShort.load(ordering: .relaxed) }

    /// - Parameters:
    ///   - start: starts the gateway, and logs that it serves.
    ///   - delay: how long messages are still taken after the signal to stop.
    ///   - configuration: reads the settings anew.
    init(
        sandbox: SandboxServer?, logger: Logger, delay: Duration,
        start: @escaping @Sendable () throws -> Gateway,
        configuration: @escaping @Sendable () throws(ConfigurationError) -> GatewayConfiguration
    ) {
        self.start = start
        self.sandbox = sandbox
        self.logger = logger
        self.delay = delay
        self.configuration = configuration
    }

    func run() async throws {
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let terminations = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let gateway = try start()
        let manager = await ServiceManager(logger: logger)
        await manager?.ready()
        let watch = Task { await manager?.watch(gateway) }
        let reloads = Task { await self.reload(gateway, on: hangUps, manager) }
        let release = Task { try await Self.releaseMemory(after: gateway) }
        try await gracefulShutdown()
        reloads.cancel()
        release.cancel()
        // No reload says that it is ready after the gateway said that it stops.
        await reloads.value
        logger.info("stopping", metadata: ["delay": "\(delay)"])
        await manager?.stopping()
        gateway.reportDraining()
        let ending = Task {
            // A second signal ends the wait, too.
            try? await Task.sleep(for: delay)
            return await gateway.stop()
        }
        let impatience = Task {
            // The first is the one that the group has told of.
            for await signal in terminations.dropFirst() {
                logger.warning("stopping at once", metadata: ["signal": "\(signal)"])
                ending.cancel()
            }
        }
        let isComplete = await ending.value
        impatience.cancel()
        watch.cancel()
        await manager?.close()
        await sandbox?.shutdown()
        wasCutShort.store(!isComplete, ordering: .relaxed)
        if isComplete {
            logger.info("stopped")
        } else {
            logger.error("stopped before every message was finished; their clients were told what is known")
        }
    }

    /// Gives memory back to the system whenever far fewer messages are under way than before. Not more often: what is given
    /// back costs page faults when it is needed again.
    private static func releaseMemory(after gateway: Gateway) async throws {
        var decision = MemoryRelease()
        while true {
            try await Task.sleep(for: MemoryRelease.interval)
            let (now, most) = gateway.takeMessagesInFlight()
            if decision.isDue(inFlight: now, most: most) { callocator_release_free() }
        }
    }

    private func reload(_ gateway: Gateway, on signals: UnixSignalsSequence, _ manager: ServiceManager?) async {
        for await _ in signals {
            await manager?.reloading()
            do throws(ConfigurationError) {
                let configuration = try configuration()
                try await gateway.reload(configuration)
                logger.notice(
                    "configuration reloaded",
                    metadata: ["relays": "\(configuration.relays.map(\.name).joined(separator: ", "))"])
                for warning in configuration.warnings { logger.warning("\(warning)") }
            } catch {
                gateway.reloadFailed()
                logger.error(
                    "configuration not reloaded, the old one stays", metadata: ["exception.message": "\(error)"])
            }
            await manager?.ready()
        }
    }
}
