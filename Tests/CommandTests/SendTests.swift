import Foundation
import TestSupport
import Testing

/// `postern send` as a shell runs it.
@Suite(.timeLimit(.minutes(2))) struct SendTests {
    private static let setUp: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expectEnd("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
    ]
    private static let quit: [ScriptedRelay.Step] = [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close]

    /// A relay that takes a message for so many recipients.
    private static func relay(
        recipients: Int = 1, replies: String? = nil, final: String = "250 2.0.0 Ok: queued as 4F2\r\n"
    ) async throws -> ScriptedRelay {
        let envelope = replies ?? String(repeating: "250 ok\r\n", count: recipients + 1) + "354 go\r\n"
        return try await ScriptedRelay.start(
            setUp + [.expectEnd("DATA\r\n"), .send(envelope), .expectEnd("\r\n.\r\n"), .send(final)] + quit)
    }

    private func send(
        _ relay: ScriptedRelay, _ arguments: [String], input: String
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await PosternCommand.run(
            ["send"] + arguments,
            environment: [
                "POSTERN_RELAY_URL": "smtp://127.0.0.1:\(relay.port)?tls=none", "POSTERN_HELO_NAME": "gate.example.org",
            ], input: input)
    }

    private static let text = "From: a@example.org\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nSubject: x\n\n.hi\n"

    @Test func theSeedsProcedures() async throws {
        let relay = try await Self.relay(recipients: 2)
        let result = try await send(
            relay, ["--from", "me@example.org", "--to", "you@example.net", "--to", "they@example.net"],
            input: Self.text)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "250 2.0.0 Ok: queued as 4F2\n")
        let sent = try #require(relay.received.first)
        #expect(
            sent.contains("MAIL FROM:<me@example.org>\r\nRCPT TO:<you@example.net>\r\nRCPT TO:<they@example.net>\r\n"))
        #expect(sent.contains("DATA\r\nFrom: a@example.org\r\n"))
        #expect(sent.contains("\r\n\r\n..hi\r\n.\r\n"))
        await relay.stop()
    }

    /// As sendmail is called: the path in its brackets, and the null reverse-path as `<>`.
    @Test(arguments: [
        ("<>", "MAIL FROM:<>\r\n"), ("<a@example.org>", "MAIL FROM:<a@example.org>\r\n"), ("", "MAIL FROM:<>\r\n"),
    ])
    func theReversePathMayHaveBrackets(_ path: String, _ command: String) async throws {
        let relay = try await Self.relay()
        let result = try await send(relay, ["-f", path, "<b@example.net>"], input: Self.text)
        #expect(result.status == 0, "\(result.errors)")
        #expect(relay.received.first?.contains(command + "RCPT TO:<b@example.net>\r\n") == true)
        await relay.stop()
    }

    /// Octets above 127 are not put on the wire to a relay that does not offer 8BITMIME (RFC 6152, section 3).
    @Test func eightBitTextIsNotSentWithoutTheExtension() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .silence])
        let result = try await send(
            relay, ["--from", "a@example.org", "--to", "b@example.net"], input: Self.text + "Grüße\n")
        #expect(result.status == 65)
        #expect(result.errors.contains("8BITMIME"))
        let wire = try #require(relay.wire.first)
        #expect(wire.allSatisfy { $0 < 0x80 })
        #expect(!String(decoding: wire, as: UTF8.self).hasSuffix("\r\n.\r\n"))
        await relay.stop()
    }

    /// A relay's text cannot drive the terminal.
    @Test func controlCharactersAreShownAndNotObeyed() async throws {
        let relay = try await Self.relay(
            final: "250 2.0.0 ok \u{1B}[31mred \u{1B}]0;title\u{07} \u{9B}1m \u{202E}x\r\n")
        let result = try await send(relay, ["--from", "a@example.org", "--to", "b@example.net"], input: Self.text)
        #expect(result.status == 0)
        for text in [result.output, result.errors] {
            #expect(
                !text.unicodeScalars.contains {
                    $0.value < 0x20 && $0 != "\n" || $0.value == 0x9B || $0.value == 0x202E
                })
        }
        await relay.stop()
    }

    /// A refused message ends the session with QUIT (RFC 5321, section 4.1.1.10).
    @Test func aRefusalEndsWithQuit() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + [
                .expectEnd("DATA\r\n"), .send("250 ok\r\n550 5.1.1 nobody\r\n554 none\r\n"), .expect("RSET\r\n"),
                .send("250 ok\r\n"),
            ] + Self.quit)
        let result = try await send(relay, ["--from", "a@example.org", "--to", "b@example.net"], input: Self.text)
        #expect(result.status == 77)
        #expect(relay.complaints == [])
        #expect(relay.received.first?.hasSuffix("QUIT\r\n") == true)
        await relay.stop()
    }

    /// As mail programs call sendmail: recipients from the header section, the blind copies removed from it.
    @Test func asSendmail() async throws {
        let relay = try await Self.relay(recipients: 3)
        let text = "To: Bob <b@example.net>,\n c@example.net\nBcc: d@example.net, b@EXAMPLE.net\n" + Self.text
        let result = try await send(relay, ["-oi", "-t", "-f", "bounce@example.org", "c@example.net"], input: text)
        #expect(result.status == 0, "\(result.errors)")
        let sent = try #require(relay.received.first)
        // Whoever is named twice gets it once.
        #expect(
            sent.contains(
                "MAIL FROM:<bounce@example.org>\r\nRCPT TO:<c@example.net>\r\nRCPT TO:<b@example.net>\r\n"
                    + "RCPT TO:<d@example.net>\r\nDATA\r\n"))
        #expect(!sent.contains("Bcc"))
        #expect(sent.contains("To: Bob <b@example.net>,\r\n c@example.net\r\nFrom:"))
        await relay.stop()
    }

    @Test func theSenderOfTheHeaderSectionIsTheReversePath() async throws {
        let relay = try await Self.relay()
        let result = try await send(relay, ["you@example.net"], input: Self.text)
        #expect(result.status == 0, "\(result.errors)")
        #expect(relay.received.first?.contains("MAIL FROM:<a@example.org>\r\n") == true)
        await relay.stop()
    }

    /// A text without a header section is a body.
    @Test func aBareBody() async throws {
        let relay = try await Self.relay()
        let result = try await send(relay, ["-f", "me@example.org", "you@example.net"], input: "just this\n")
        #expect(result.status == 0, "\(result.errors)")
        let sent = try #require(relay.received.first)
        #expect(sent.contains("From: <me@example.org>\r\nDate: "))
        #expect(sent.contains("\r\n\r\njust this\r\n.\r\n"))
        await relay.stop()
    }

    @Test func aFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "a@b.eml")
        let body = String(repeating: "0123456789abcdef\n", count: 100_000)
        try Data((Self.text + body).utf8).write(to: file)
        let relay = try await Self.relay()
        let result = try await send(relay, ["you@example.net", file.path], input: "")
        #expect(result.status == 0, "\(result.errors)")
        // Standard error is no terminal here: there is no bar on it.
        #expect(result.errors == "")
        let content = body.replacing("\n", with: "\r\n")
        #expect(relay.received.first?.contains(content) == true)
        await relay.stop()
    }

    @Test func aRecipientRefusedBesideAnother() async throws {
        let relay = try await Self.relay(replies: "250 ok\r\n250 ok\r\n550 5.1.1 No such user\r\n354 go\r\n")
        let result = try await send(relay, ["you@example.net", "they@example.net"], input: Self.text)
        #expect(result.status == 0)
        #expect(result.errors.contains("they@example.net: 550 5.1.1 No such user"))
        await relay.stop()
    }

    @Test(arguments: [
        ("550 5.7.1 spam", 77), ("452 4.3.1 full", 75),
    ]) func refusals(_ final: String, _ status: Int32) async throws {
        let relay = try await Self.relay(final: final + "\r\n")
        let result = try await send(relay, ["you@example.net"], input: Self.text)
        #expect(result.status == status)
        #expect(result.output == final + "\n")
        await relay.stop()
    }

    @Test func nobodyKnows() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + [
                .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"), .close,
            ])
        let result = try await send(relay, ["you@example.net"], input: Self.text)
        #expect(result.status == 75)
        await relay.stop()
    }

    @Test func whatCannotBeSent() async throws {
        let closed = try ClosedPort()
        for (arguments, input, status) in [
            ([], Self.text, 64), (["you@example.net", "one", "two"], Self.text, 64),
            (["not an address@"], Self.text, 64), (["you@example.net"], "no header section\n", 65),
            (["-t"], Self.text, 65), (["you@example.net", "./nowhere"], Self.text, 66),
            (["you@example.net"], Self.text, 69),
        ] as [([String], String, Int32)] {
            let result = try await PosternCommand.run(
                ["send"] + arguments, environment: ["POSTERN_RELAY_URL": "smtp://127.0.0.1:\(closed.port)"],
                input: input)
            #expect(result.status == status, "\(arguments): \(result.errors)")
            #expect(!result.errors.isEmpty)
        }
    }

    @Test func theTranscriptShowsNoContent() async throws {
        let relay = try await Self.relay()
        let result = try await send(relay, ["-v", "you@example.net"], input: Self.text)
        #expect(result.errors.contains("C: MAIL FROM:<a@example.org>\n"))
        #expect(result.errors.contains("S: 250 2.0.0 Ok: queued as 4F2\n"))
        #expect(!result.errors.contains("Subject"))
        await relay.stop()
    }
}
