import ArgumentParser
import Foundation
import Gateway
import SMTP
import Settings

/// The flags that stand for settings.
struct SettingFlags: ParsableArguments {
    @Option(
        help: "A configuration file, YAML or (named .json) JSON: the settings' names without POSTERN_, in lower case.")
    var config: String?

    @Option(help: ArgumentHelp(stringLiteral: Setting.listen.help))
    var listen: String?

    @Option(help: ArgumentHelp(stringLiteral: Setting.relayURL.help))
    var relayURL: String?

    @Option(help: ArgumentHelp(stringLiteral: Setting.logLevel.help))
    var logLevel: String?

    @Option(help: ArgumentHelp(stringLiteral: Setting.logFormat.help))
    var logFormat: String?

    /// The settings of flags, environment and file.
    func values() throws(ConfigurationError) -> SettingValues {
        let flags = [
            Setting.listen.name: listen, Setting.relayURL.name: relayURL, Setting.logLevel.name: logLevel,
            Setting.logFormat.name: logFormat,
        ]
        var file: SettingsFile?
        if let config { file = try SettingsFile(path: config) }
        return try SettingValues(
            flags: flags.compactMapValues { $0 }, environment: ProcessInfo.processInfo.environment, file: file)
    }
}

/// Ends the command with one line on standard error. What a server said in it is shown so that no terminal obeys it.
func fail(_ message: some CustomStringConvertible, code: ExitCode = .failure) -> ExitCode {
    let line = "postern: \(PrintableText.shown(message.description))\n"
    try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    return code
}
