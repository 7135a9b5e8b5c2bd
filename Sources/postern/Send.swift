import ArgumentParser
import Foundation
import Gateway
import SMTP

struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends one message: header fields, a blank line and the body, from a file or standard input.",
        discussion: """
            Prints the relay's reply code and text. Ends with 0 when the relay took the message, and otherwise with \
            64 (usage), 65 (data), 69 (unavailable), 75 (temporary failure) or 77 (refused), as sysexits.h has them.
            """)

    @Option(help: "The reverse-path; empty for the null reverse-path.")
    var from: String

    @Option(help: "A recipient; may be given more than once.")
    var to: [String]

    @Option(help: "The relay, smtp://host:port (POSTERN_RELAY_URL).")
    var relayURL: String?

    @Flag(help: "Write the protocol to standard error.")
    var verbose = false

    @Argument(help: "The file that holds the message, or - for standard input.")
    var file = "-"

    /// Octets that are read at a time.
    private static let pieceSize = 65536

    func run() async throws {
        let configuration = try relay()
        let input = try self.input()
        do {
            let envelope = try Envelope(from: from, to: to)
            let session = try await SMTPSession.connect(configuration)
            var message = try await session.open(envelope)
            for refused in message.rejected {
                _ = fail("\(refused.address): \(refused.reply)")
            }
            // An input that breaks off is not sent: dropping the writer gives the message up.
            while let piece = try read(input) { try await message.write(piece) }
            let reply = try await message.close()
            try await session.disconnect()
            print(reply)
        } catch let error as SMTPError {
            if let reply = error.reply { print(reply) }
            throw fail(error, code: Self.exitCode(for: error))
        }
    }

    private func relay() throws -> SMTPConfiguration {
        do throws(ConfigurationError) {
            let flags = relayURL.map { ["POSTERN_RELAY_URL": $0] } ?? [:]
            let values = try SettingValues(flags: flags, environment: ProcessInfo.processInfo.environment)
            var configuration = try GatewayConfiguration(values).relay
            if verbose { configuration.transcript = .standardError }
            return configuration
        } catch {
            throw fail(error, code: ExitCode(64))
        }
    }

    private func input() throws -> FileHandle {
        if file == "-" { return .standardInput }
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw fail("the file \(file.debugDescription) cannot be read", code: ExitCode(65))
        }
        return handle
    }

    private func read(_ input: FileHandle) throws -> [UInt8]? {
        do {
            guard let data = try input.read(upToCount: Self.pieceSize), !data.isEmpty else { return nil }
            return Array(data)
        } catch {
            throw fail("the message cannot be read to its end, and was not sent: \(error)", code: ExitCode(66))
        }
    }

    private static func exitCode(for error: SMTPError) -> ExitCode {
        if error.outcome == .unknown { return ExitCode(75) }
        switch error.reason {
        case .invalidUse: return ExitCode(64)
        case .messageTooLarge, .unsupported: return ExitCode(65)
        case .refused: return error.isTransient ? ExitCode(75) : ExitCode(77)
        default: return ExitCode(69)
        }
    }
}
