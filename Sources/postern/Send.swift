import ArgumentParser
import Foundation
import Gateway
import InternetMessage
import MailAddress
import SMTP

struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends one message: header fields, a blank line and the body, from a file or standard input.",
        discussion: """
            Takes what sendmail takes: -t, -f, and recipients as arguments. An argument with an @ is a recipient; any \
            other one, or one that begins with / or ./ or ../, is the file. From: and Date: are supplied where they are \
            missing, and Bcc: is removed.

            Prints the relay's reply code and text, and on standard error each recipient that was refused beside others. \
            Ends with 0 when the relay took the message, and otherwise with 64 (usage), 65 (data), 66 (unreadable file), \
            69 (unavailable), 75 (temporary failure, or nobody knows) or 77 (refused), as sysexits.h has them.
            """)

    @Option(
        name: [.customLong("from"), .customShort("f"), .customShort("r")],
        help: "The reverse-path; empty for the null reverse-path. By default the address in Sender: or From:.")
    var from: String?

    @Option(help: "A recipient; may be given more than once.")
    var to: [String] = []

    @Flag(name: .customShort("t"), help: "Take recipients from To:, Cc: and Bcc: too.")
    var takesRecipients = false

    @Option(help: "The relay, smtp://host:port (POSTERN_RELAY_URL).")
    var relayURL: String?

    @Option(help: "A configuration file, as of serve.")
    var config: String?

    @Flag(name: .shortAndLong, help: "Write the protocol to standard error.")
    var verbose = false

    @Flag(
        name: [.customShort("i"), .customLong("oi", withSingleDash: true), .customLong("bm", withSingleDash: true)],
        help: "Taken for sendmail's sake: a line with a lone dot never ends the message, and mail is always delivered.")
    var asSendmail = false

    @Argument(help: "Recipients, and the file that holds the message, or - for standard input.")
    var arguments: [String] = []

    func validate() throws {
        guard files.count <= 1 else {
            throw ValidationError("\(files.joined(separator: ", ")): one file at most; a recipient needs an @")
        }
        guard takesRecipients || !recipients.isEmpty else {
            throw ValidationError("nobody to send to; give recipients, or -t to take them from the header section")
        }
    }

    private var files: [String] { arguments.filter { !Self.isRecipient($0) } }
    private var recipients: [String] { to + arguments.filter(Self.isRecipient) }

    private static func isRecipient(_ argument: String) -> Bool {
        argument.contains("@") && !["/", "./", "../"].contains(where: argument.hasPrefix)
    }

    func run() async throws {
        let relay = try relay()
        do {
            var source = try MessageSource(files.first ?? "-")
            var (section, problem) = try source.header()
            // A text that begins with no header section is a body, where the arguments tell the envelope.
            if let problem, takesRecipients || from == nil { throw problem }
            let envelope = try self.envelope(section)
            section?.removeBlindCopies()
            try await send(&source, section, envelope, relay.smtp)
        } catch let error as SMTPError {
            if let reply = error.reply { print(reply) }
            for refused in error.rejected { _ = fail("\(refused.address): \(refused.reply)") }
            throw fail(RelayFailure(error, relay: relay.name), code: Self.exitCode(for: error))
        } catch let error as HeaderSectionError {
            throw fail(error, code: Self.data)
        } catch let error as MessageSource.Failure {
            throw fail(error, code: ExitCode(66))
        }
    }

    private func send(
        _ source: inout MessageSource, _ section: HeaderSection?, _ given: Envelope, _ configuration: SMTPConfiguration
    ) async throws {
        var envelope = given
        let session = try await SMTPSession.connect(configuration)
        if await session.capabilities.eightBitMIME {
            // What the body holds is not known before it has been read; lines of any octets cover it.
            var extensions = MailExtensions()
            extensions.body = .eightBitMIME
            envelope.extensions = extensions
        }
        var progress = ProgressBar(total: source.size)
        defer { progress.finish() }
        // An input that breaks off is not sent: dropping the writer gives the message up.
        var message = try await session.open(envelope)
        for refused in message.rejected { _ = fail("\(refused.address): \(refused.reply)") }
        if let section {
            try await message.write(section.octets)
            progress.advance(by: section.octets.count)
        }
        while let piece = try source.next() {
            try await message.write(piece)
            progress.advance(by: piece.count)
        }
        let reply = try await message.close()
        progress.finish()
        print(reply)
        // The message has been taken: whatever happens to the session now is no failure.
        try? await session.disconnect()
    }

    /// The envelope of arguments and header section.
    private func envelope(_ section: HeaderSection?) throws -> Envelope {
        let reversePath = try from ?? section?.sender().description ?? ""
        var addresses = recipients
        if takesRecipients { addresses += try section?.recipients().map(\.description) ?? [] }
        guard !addresses.isEmpty else {
            throw fail(
                "the header section names no recipient; add To:, Cc: or Bcc:, or give recipients", code: Self.data)
        }
        var envelope = try Envelope(from: reversePath, to: addresses)
        // Named twice, a recipient gets the message once.
        var seen = Set<AddrSpec>()
        envelope = try envelope.for(envelope.recipients.filter { seen.insert($0).inserted })
        if section?.needsSMTPUTF8 == true { envelope.needsSMTPUTF8 = true }
        return envelope
    }

    private func relay() throws -> RelayConfiguration {
        do throws(ConfigurationError) {
            let flags = relayURL.map { [Setting.relayURL.name: $0] } ?? [:]
            let file = try config.map { path throws(ConfigurationError) in try SettingsFile(path: path) }
            let values = try SettingValues(flags: flags, environment: ProcessInfo.processInfo.environment, file: file)
            var relay = try GatewayConfiguration(values).relays[0]
            if verbose { relay.smtp.transcript = .standardError }
            return relay
        } catch {
            throw fail(error, code: ExitCode(64))
        }
    }

    /// EX_DATAERR of sysexits.h.
    private static let data = ExitCode(65)

    private static func exitCode(for error: SMTPError) -> ExitCode {
        if error.outcome == .unknown { return ExitCode(75) }
        switch error.reason {
        case .invalidUse: return ExitCode(64)
        case .messageTooLarge, .unsupported: return data
        case .refused: return error.isTransient ? ExitCode(75) : ExitCode(77)
        default: return ExitCode(69)
        }
    }
}
