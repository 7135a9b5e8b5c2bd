import ArgumentParser
import Foundation
import Gateway
import OTLP
import Settings

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints every setting: name, current value (secrets masked), default, where it came from.",
        discussion: "Ends with 78 where a setting is unknown or malformed, as sysexits.h has it.")

    @OptionGroup var flags: SettingFlags

    @Flag(help: "Print the table of docs/configuration.md instead: names, units, defaults and meanings.")
    var markdown = false

    func run() throws {
        if markdown {
            print(SettingList.markdown)
            return
        }
        do {
            let values = try flags.values()
            print(SettingList.text(values) { $0.shown($1) })
            try GatewayConfiguration.check(values)
            _ = try OTLPConfiguration(environment: ProcessInfo.processInfo.environment, version: Gateway.version)
        } catch {
            throw fail("\(error)", code: ExitCode(78))
        }
    }
}
