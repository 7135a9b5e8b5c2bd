import ArgumentParser
import Foundation
import Gateway
import Logging
import NIOPosix
import SMTP
import Settings

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says whether configuration is sound and the relays answer, stage by stage; ends with 0 or 1.",
        discussion: "Sends no message: connects, says EHLO, sets up TLS and AUTH as configured, and ends with QUIT.")

    @OptionGroup var flags: SettingFlags

    @Flag(name: .shortAndLong, help: "Write the protocol to standard error.")
    var verbose = false

    func run() async throws {
        let configuration: GatewayConfiguration
        do throws(ConfigurationError) {
            configuration = try GatewayConfiguration(try flags.values())
        } catch {
            print("configuration  FAILED  \(error)")
            throw ExitCode.failure
        }
        print("configuration  ok      all settings are sound")
        var isSound = Self.report(configuration.checkStore())
        for relay in configuration.relays {
            if configuration.relays.count > 1 { print("relay \(relay.name)") }
            let tokens = RelayAccessTokens(relay, on: MultiThreadedEventLoopGroup.singleton, logger: Self.silent)
            if let step = await tokens.check() { isSound = Self.report(step) && isSound }
            var smtp = tokens.smtp
            if verbose { smtp.transcript = .standardError }
            let check = await RelayCheck.run(smtp, relay: relay.name)
            for step in check.steps {
                isSound = Self.report(step) && isSound
            }
            await tokens.stop()
        }
        guard isSound else { throw ExitCode.failure }
    }

    /// What fails is printed, and need not be logged too.
    private static let silent = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }

    /// Prints what was found.
    ///
    /// - Returns: whether it is sound.
    private static func report(_ step: CheckStep) -> Bool {
        let name = step.name.padding(toLength: 14, withPad: " ", startingAt: 0)
        print("\(name) \(step.isSound ? "ok    " : "FAILED")  \(PrintableText.shown(step.detail))")
        return step.isSound
    }
}
