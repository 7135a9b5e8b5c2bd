import ArgumentParser
import Foundation
import Gateway

/// The flags that stand for settings.
struct SettingFlags: ParsableArguments {
    @Option(help: "Address of the HTTP server, host:port (POSTERN_LISTEN).")
    var listen: String?

    @Option(help: "The relay, smtp://[user:password@]host[:port][?tls=…] or smtps://… (POSTERN_RELAY_URL).")
    var relayURL: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical (POSTERN_LOG_LEVEL).")
    var logLevel: String?

    @Option(help: "json or text (POSTERN_LOG_FORMAT).")
    var logFormat: String?

    /// The settings of flags and environment.
    func values() throws(ConfigurationError) -> SettingValues {
        let flags = [
            "POSTERN_LISTEN": listen, "POSTERN_RELAY_URL": relayURL, "POSTERN_LOG_LEVEL": logLevel,
            "POSTERN_LOG_FORMAT": logFormat,
        ]
        return try SettingValues(
            flags: flags.compactMapValues { $0 }, environment: ProcessInfo.processInfo.environment)
    }
}

/// Ends the command with one line on standard error.
func fail(_ message: some CustomStringConvertible, code: ExitCode = .failure) -> ExitCode {
    try? FileHandle.standardError.write(contentsOf: Data("postern: \(message)\n".utf8))
    return code
}
