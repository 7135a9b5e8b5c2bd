import ArgumentParser
import Foundation
import Gateway
import InternetMessage
import MailAddress
import Logging
import NIOPosix
import SMTP
import Settings

struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends one message: header fields, a blank line and the body, from a file or standard input.",
        discussion: """
            Takes what sendmail takes: -t, -f, and recipients as arguments. An argument with an @ is a recipient; any \
            other one, or one that begins with / or ./ or ../, is the file. From: and Date: are supplied where they are \
            missing, and Bcc: is removed.

            Prints the relay's reply code and text, once for each transaction if the relay does not take all recipients in \
            one, and on standard error each recipient that was refused beside others. \
            Ends with 0 when the relay took the message, and otherwise with 64 (usage), 65 (data), 66 (unreadable file), \
            69 (unavailable), 75 (temporary failure, or the outcome is unknown) or 77 (refused), as sysexits.h has them.
            """)

    @Option(
        name: [.customLong("from"), .customShort("f"), .customShort("r")],
        help: "The reverse-path; <> or empty for the null reverse-path. By default the address in Sender: or From:.")
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
        let tokens = RelayAccessTokens(
            relay, on: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "send") { _ in SwiftLogNoOpLogHandler() })
        let result: Result<Void, any Error>
        do {
            result = .success(try await send(by: tokens.smtp, relay: relay.name))
        } catch {
            result = .failure(error)
        }
        await tokens.stop()
        try result.get()
    }

    private func send(by smtp: SMTPConfiguration, relay: String) async throws {
        do {
            var source = try MessageSource(files.first ?? "-")
            var (section, problem) = try source.header()
            // A text that begins with no header section is a body, where the arguments tell the envelope.
            if let problem, takesRecipients || from == nil { throw problem }
            let envelope = try self.envelope(section)
            section?.removeBlindCopies()
            try await send(&source, section, envelope, smtp)
        } catch let error as SMTPError {
            if let reply = error.reply { print(PrintableText.shown(reply.description)) }
            for refused in error.rejected { _ = fail("\(refused.address): \(refused.reply)") }
            throw fail(RelayFailure(error, relay: relay), code: Self.exitCode(for: error))
        } catch let error as HeaderSectionError {
            throw fail(error, code: Self.data)
        } catch let error as MessageSource.Failure {
            throw fail(error, code: ExitCode(66))
        }
    }

    private func send(
        _ source: inout MessageSource, _ section: HeaderSection?, _ given: Envelope, _ configuration: SMTPConfiguration
    ) async throws {
        let session = try await SMTPSession.connect(configuration)
        do {
            try await send(&source, section, given, on: session)
        } catch {
            // Nothing that happens to the session now is worse. While the content is open, the session cannot be ended in
            // good order.
            try? await session.disconnect()
            throw error
        }
        // The message has been taken: whatever happens to the session now is no failure.
        try? await session.disconnect()
    }

    private func send(
        _ source: inout MessageSource, _ section: HeaderSection?, _ given: Envelope, on session: SMTPSession
    ) async throws {
        var envelope = given
        envelope.maySplit = envelope.recipients.count > 1
        let takesEightBit = await session.capabilities.eightBitMIME
        if takesEightBit {
            // What the body holds is not known before it has been read; lines of any octets cover it.
            var extensions = MailExtensions()
            extensions.body = .eightBitMIME
            envelope.extensions = extensions
        }
        var progress = ProgressBar(total: source.size)
        defer { progress.finish() }
        var piece = section?.octets
        if piece == nil { piece = try source.next() }
        if !takesEightBit, let piece { try Self.checkSevenBit(piece) }
        // An input that breaks off is not sent: dropping the writer gives the message up.
        var message = try await session.open(envelope)
        Self.show(message.rejected)
        let remaining = message.remaining
        // The content is kept only if it has to be sent once more.
        var kept: [[UInt8]] = []
        while let next = piece {
            if !takesEightBit { try Self.checkSevenBit(next) }
            try await message.write(next)
            progress.advance(by: next.count)
            if !remaining.isEmpty { kept.append(next) }
            piece = try source.next()
        }
        let reply = try await message.close()
        progress.finish()
        print(PrintableText.shown(reply.description))
        try await send(kept, envelope, to: remaining, on: session)
    }

    /// Sends the content in further transactions to the recipients that the relay did not take in the first one.
    ///
    /// A failure here ends the command with its own exit code, after the recipients were named that did not get the message.
    private func send(
        _ content: [[UInt8]], _ envelope: Envelope, to recipients: [AddrSpec], on session: SMTPSession
    ) async throws {
        var remaining = recipients
        // Each round answers for one recipient at least, or throws.
        while !remaining.isEmpty {
            do throws(SMTPError) {
                var message = try await session.open(envelope.for(remaining))
                Self.show(message.rejected)
                for piece in content { try await message.write(piece) }
                let next = message.remaining
                let reply = try await message.close()
                print(PrintableText.shown(reply.description))
                remaining = next
            } catch {
                let answered = Set(error.rejected.map(\.address))
                for recipient in remaining where !answered.contains(recipient) {
                    _ = fail("\(recipient): did not get the message")
                }
                throw error
            }
        }
    }

    private static func show(_ rejected: [RejectedRecipient]) {
        for refused in rejected { _ = fail("\(refused.address): \(refused.reply)") }
    }

    /// A relay that does not offer 8BITMIME gets ASCII only (RFC 6152, section 3).
    private static func checkSevenBit(_ piece: [UInt8]) throws {
        guard piece.allSatisfy({ $0 < 0x80 }) else {
            throw fail(
                "the message holds octets above 127 and the relay does not offer 8BITMIME; nothing was sent. Encode the "
                    + "text as quoted-printable or base64", code: data)
        }
    }

    /// The envelope of arguments and header section.
    private func envelope(_ section: HeaderSection?) throws -> Envelope {
        let reversePath = try from.map(Self.withoutBrackets) ?? section?.sender().description ?? ""
        var addresses = recipients.map(Self.withoutBrackets)
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

    /// An address without the brackets of a path: `<>` is the null reverse-path, and `<a@b>` is `a@b`.
    private static func withoutBrackets(_ text: String) -> String {
        text.hasPrefix("<") && text.hasSuffix(">") ? String(text.dropFirst().dropLast()) : text
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
