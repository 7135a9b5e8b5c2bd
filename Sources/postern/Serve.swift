import ArgumentParser
import Foundation
import Gateway
import HTTPServer
import Logging
import NIOPosix
import OTLP
import Records
import SMTP
import Sandbox
import ServiceLifecycle
import Settings
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the gateway until SIGTERM or SIGINT, then drains.",
        discussion: """
            SIGTERM or SIGINT ends it when the messages under way are answered, a second one at once; SIGHUP reads keys, \
            relays and routes anew. Ends with 0 when every message was finished, with 75 when some were cut short, and \
            with 78 where a setting is wrong.

            Every setting is an environment variable and a key of the configuration file; a flag beats the environment, \
            which beats the file. A secret may also be given as NAME_FILE, the path of a file that holds it.

            \(SettingList.help)
            """)

    @OptionGroup var flags: SettingFlags

    @Flag(help: "Use an embedded SMTP server as the relay: it delivers nothing, and keeps the last messages in memory.")
    var sandbox = false

    func run() async throws {
        // A reader of standard error that goes away must not end the gateway.
        signal(SIGPIPE, SIG_IGN)
        let values: SettingValues
        let gatewayConfiguration: GatewayConfiguration
        let inbox: SandboxServer?
        let traces: OTLPConfiguration?
        let socket: InheritedSocket?
        do {
            socket = try InheritedSocket(environment: ProcessInfo.processInfo.environment)
            values = try flags.values()
            traces = try OTLPConfiguration(
                environment: ProcessInfo.processInfo.environment, version: Gateway.version)
            inbox = sandbox ? try await Self.startSandbox(values) : nil
            gatewayConfiguration = try GatewayConfiguration(values, sandboxPort: inbox?.port, socket: socket)
        } catch {
            throw fail("\(error)", code: ExitCode(78))
        }
        let handler = GatewayLogHandler(format: gatewayConfiguration.logFormat, level: gatewayConfiguration.logLevel)
        defer { handler.flush() }
        let logger = Logger(label: "postern") { _ in handler }
        let caught = inbox.map { CaughtBySandbox(inbox: $0.inbox) }
        let exporter = traces.map {
            OTLPExporter($0, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        }
        let service = GatewayService(
            sandbox: inbox, logger: logger, delay: gatewayConfiguration.shutdownDelay
        ) {
            let gateway = try Gateway.start(
                gatewayConfiguration, caughtMessages: caught, exporter: exporter, logger: logger)
            if let inbox {
                logger.info(
                    "the sandbox keeps what is sent and delivers nothing; the console shows it",
                    metadata: [
                        "console": "\(gateway.consoleURL ?? gateway.addressText)",
                        "smtp": "\(inbox.host):\(inbox.port)",
                    ])
            }
            logger.info(
                "serving",
                metadata: [
                    "address": "\(gateway.addressText)", "service.version": "\(Gateway.version)",
                    "relay": "\(gatewayConfiguration.relay.host):\(gatewayConfiguration.relay.port)",
                    "store": "\(gatewayConfiguration.store.shown)",
                ])
            return gateway
        } configuration: {
            [flags, socket, port = inbox?.port, host = gatewayConfiguration.listenHost] () throws(ConfigurationError) in
            try GatewayConfiguration(flags.values(), sandboxPort: port, socket: socket, servedHost: host)
        }
        let services = ServiceGroup(
            services: [service], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() })
        let result: Result<Void, any Error>
        do {
            result = .success(try await services.run())
        } catch {
            result = .failure(error)
        }
        // The spans of the last messages.
        await exporter?.shutdown(within: Self.patienceWithCollector)
        do {
            try result.get()
        } catch let error as ConfigurationError {
            throw fail("\(error)", code: ExitCode(78))
        } catch {
            throw fail("\(error)")
        }
        if !service.isComplete { throw ExitCode(75) }
    }

    /// How long the end waits for a collector that does not take the last spans.
    private static let patienceWithCollector = Duration.seconds(5)

    private static func startSandbox(_ values: SettingValues) async throws -> SandboxServer {
        let settings = try SandboxSettings(values)
        var configuration = SandboxConfiguration()
        configuration.maximumMessages = settings.maximumMessages
        configuration.maximumInboxOctets = settings.maximumOctets
        return try await SandboxServer.start(host: settings.host, port: settings.port, configuration: configuration)
    }
}
