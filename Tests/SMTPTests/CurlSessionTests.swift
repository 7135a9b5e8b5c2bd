import Foundation
import MailAddress
import NIOCore
import TestSupport
import Testing

@testable import SMTP

/// The sessions of curl's own tests that have a meaning for this client: those with VRFY, EXPN, NTLM, DIGEST-MD5 and
/// EXTERNAL, and those of curl's URLs, have none.
@Suite(.timeLimit(.minutes(1))) struct CurlSessionTests {
    /// Where this client does something else, and why.
    private struct Difference {
        var commands: [String]
        /// The error's reason, or nil where the message is sent.
        var failure: SMTPError.Reason?
        /// What the server says to this client's AUTH, or nil for the row's own reply.
        var authReply: String?
        var why: String
    }

    private static let initialResponse =
        "RFC 4954, section 4: the initial response saves a round trip, and is always sent"

    private static let differences: [String: Difference] = [
        "curl-903": Difference(
            commands: ["AUTH PLAIN AHVzZXIAc2VjcmV0"] + envelope, failure: nil, authReply: "235 Authenticated",
            why: initialResponse),
        "curl-913": Difference(
            commands: [], failure: .messageTooLarge,
            why: "RFC 1870, section 5: what the server cannot take need not be asked"),
        "curl-935": Difference(
            commands: ["AUTH CRAM-MD5"], failure: .protocolViolation, authReply: "334 *",
            why: "a broken challenge does not lead to a mechanism that shows the password: it may be meant to"),
        "curl-939": Difference(
            commands: [], failure: .authenticationUnavailable,
            why:
                "credentials that are given and cannot be used are an error, or the message goes out as somebody else's"
        ),
        "curl-947": Difference(
            commands: [
                "AUTH OAUTHBEARER "
                    + Data("n,a=user,\u{1}auth=Bearer mF_9.B5f-4.1JqM\u{1}\u{1}".utf8).base64EncodedString()
            ] + envelope, failure: nil,
            why: "RFC 7628, section 3.1: host and port are optional"),
        "curl-949": Difference(
            commands: [bearer, "AQ=="], failure: .protocolViolation,
            why: "RFC 5321, section 4.2.1: two lines with a space are two replies, and nobody asked for the second"),
        "curl-955": Difference(
            commands: [], failure: .unsupported,
            why: "RFC 6531, section 3.2: without SMTPUTF8 such an address must not be sent"),
        "curl-959": Difference(
            commands: [
                "MAIL FROM:<sender@xn--4cab6c.se>"
            ], failure: .refused,
            why: "RFC 6531, section 3.2: a domain has an ASCII form that every server takes"),
    ]

    private static let envelope = [
        "MAIL FROM:<sender@example.com>", "RCPT TO:<recipient@example.com>", "DATA",
    ]
    private static let bearer =
        "AUTH OAUTHBEARER " + Data("n,a=user,\u{1}auth=Bearer mF_9.B5f-4.1JqM\u{1}\u{1}".utf8).base64EncodedString()

    /// Rows that this client has no call for: authorization as somebody else (RFC 4616), and curl's other commands.
    private static let withoutMeaning = ["VRFY", "EXPN", "NTLM", "DIGEST-MD5", "EXTERNAL", "NOOP", "authzid", "%0d%0a"]

    private static let cases = SharedCases.rows("curl_sessions.json", as: CurlSessionCase.self).filter { row in
        let text = row.command + (row.server ?? "") + (row.expect.commands ?? "")
        return !withoutMeaning.contains(where: text.contains)
    }

    @Test func thereAreCases() {
        #expect(Self.cases.count >= 18)
    }

    @Test(arguments: cases) func asCurl(_ row: CurlSessionCase) async throws {
        let difference = Self.differences[row.id]
        let commands = difference?.commands ?? row.commands
        let relay = try await ScriptedRelay.start(Self.script(row, commands, difference))
        let result = await Self.send(row, to: relay)
        switch result {
        case .success(let reply):
            #expect(difference?.failure == nil)
            #expect(reply.code == 250)
        case .failure(let error):
            #expect(error.reason == difference?.failure, "\(error)")
            #expect(error.outcome == .notSent)
            #expect(!error.detail.contains("secret") && !error.detail.contains("mF_9"))
        }
        #expect(relay.complaints == [])
        let sent = try #require(relay.received.first)
        for command in commands { #expect(sent.contains("\r\n\(command)\r\n")) }
        await relay.stop()
    }

    /// The server of the row: each command is expected as it is, and answered as the row says or with what is usual.
    private static func script(
        _ row: CurlSessionCase, _ commands: [String], _ difference: Difference?
    ) -> [ScriptedRelay.Step] {
        var steps: [ScriptedRelay.Step] = [.send("220 curl's test server\r\n"), .expect("EHLO client.example.org\r\n")]
        if let refusal = row.reply(to: "EHLO") {
            steps += [.send(refusal + "\r\n"), .expect("HELO client.example.org\r\n"), .send("250 hello\r\n")]
        } else {
            let lines = ["server"] + row.extensions
            steps.append(
                .send(
                    lines.enumerated().map { "250\($0.offset == lines.count - 1 ? " " : "-")\($0.element)\r\n" }
                        .joined())
            )
        }
        for command in commands {
            steps.append(.expect(command + "\r\n"))
            let usual = command == "DATA" ? "354 go" : command.hasPrefix("AUTH") ? "235 yes" : "250 ok"
            let own = command.hasPrefix("AUTH") ? difference?.authReply : nil
            steps.append(.send((own ?? row.reply(to: command) ?? usual) + "\r\n"))
            if command == "DATA", let content = row.content { steps += [.expect(content), .send("250 taken\r\n")] }
        }
        if difference?.failure == nil { steps += [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close] }
        return steps
    }

    private static func send(_ row: CurlSessionCase, to relay: ScriptedRelay) async -> Result<Reply, SMTPError> {
        guard let identity = ClientDomain("client.example.org") else {
            return .failure(SMTPError(.invalidUse, stage: .ehlo, detail: "identity"))
        }
        var configuration = SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity)
        configuration.allowsClearTextAuthentication = true
        if let user = row.option("-u").first {
            let parts = user.split(separator: ":", maxSplits: 1).map(String.init)
            if let token = row.option("--oauth2-bearer").first {
                configuration.credentials = SMTPCredentials(username: parts[0]) { token }
            } else {
                configuration.credentials = SMTPCredentials(username: parts[0], password: parts[1])
            }
        }
        do throws(SMTPError) {
            let session = try await SMTPSession.connect(configuration)
            var envelope = try Envelope(
                from: row.option("--mail-from").first ?? "", to: row.option("--mail-rcpt"))
            let text = Self.text(row)
            if configuration.credentials == nil, row.server?.contains("SIZE") == true {
                envelope.size = text.utf8.count
            }
            var message = try await session.open(envelope, generatesFields: false)
            try await message.write(text)
            let reply = try await message.close()
            try await session.disconnect()
            return .success(reply)
        } catch {
            return .failure(error)
        }
    }

    /// What curl reads: standard input, or a file that is no part of the row and stands as the content does.
    private static func text(_ row: CurlSessionCase) -> String {
        if let text = row.stdin, !text.isEmpty { return text == "\n" ? "" : text }
        guard let content = row.content else { return String(repeating: "x", count: 38) }
        return String(content.dropLast(".\r\n".count)).replacing("\r\n", with: "\n")
    }
}
