import MailAddress
import NIOCore
import TestSupport
import Testing

@testable import SMTP

/// CHUNKING, BINARYMIME, and envelopes that wait for their content (RFC 3030).
@Suite(.timeLimit(.minutes(1))) struct ChunkingTests {
    private static let chunking = "250-PIPELINING\r\n250-CHUNKING\r\n250 BINARYMIME\r\n"

    @Test(arguments: [false, true]) func oneRoundTripForAMessage(_ byteByByte: Bool) throws {
        var play = try Play.ready(Self.chunking, byteByByte: byteByByte)
        #expect(try play.openDeferred() == [])
        #expect(play.conversation.state.name == .deferred)
        #expect(
            play.finish(".hi\r\n")
                == ["> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|BDAT 5 LAST|.hi|"])
        #expect(play.server("250 ok\r\n250 ok\r\n250 2.0.0 queued\r\n") == ["finished 250"])
        #expect(play.conversation.state.name == .ready)
    }

    @Test func aLongMessageGoesInChunks() throws {
        var play = try Play.ready(Self.chunking)
        _ = try play.openDeferred()
        #expect(play.write("one\r\n") == ["> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|BDAT 5|one|"])
        #expect(play.server("250 ok\r\n250 ok\r\n") == [])
        #expect(play.write("two\r\n") == ["> BDAT 5|two|"])
        #expect(play.server("250 5 octets\r\n") == [])
        #expect(play.finish("") == ["> BDAT 0 LAST|"])
        #expect(play.server("250 5 octets\r\n250 queued\r\n") == ["finished 250"])
    }

    @Test func aRefusedEnvelopeIsResetBeforeTheNext() throws {
        for (replies, failure) in [
            ("550 no\r\n503 no mail\r\n503 no mail\r\n", "refused mail 550 not_sent"),
            ("250 ok\r\n450 later\r\n503 nobody\r\n", "refused rcpt 450 not_sent"),
            ("250 ok\r\n250 ok\r\n554 spam\r\n", "refused content 554 not_sent"),
        ] {
            var play = try Play.ready(Self.chunking)
            _ = try play.openDeferred()
            _ = play.finish("x\r\n")
            #expect(play.server(replies) == ["refused " + failure, "> RSET|"])
            #expect(play.server("250 ok\r\n") == ["ready"])
            #expect(play.conversation.state.name == .ready)
        }
    }

    @Test func aRecipientRefusedBesideAnother() throws {
        var play = try Play.ready(Self.chunking)
        _ = try play.openDeferred(to: ["b@example.net", "c@example.net"])
        _ = play.finish("x\r\n")
        #expect(
            play.server("250 ok\r\n550 5.1.1 no\r\n250 ok\r\n250 queued\r\n") == ["finished 250 b@example.net=550"])
    }

    @Test func aChunkThatIsRefusedEndsTheTransactionOnly() throws {
        var play = try Play.ready(Self.chunking)
        _ = try play.openDeferred()
        _ = play.write("one\r\n")
        #expect(
            play.server("250 ok\r\n250 ok\r\n552 5.3.4 too large\r\n") == [
                "refused refused content 552 not_sent", "> RSET|",
            ])
        #expect(play.write("two\r\n") == ["thrown invalid_use content not_sent"])
        #expect(play.server("250 ok\r\n") == ["ready"])
        #expect(play.conversation.state.name == .ready)
    }

    /// A server that takes the end of what it refused a part of may have taken something.
    @Test func aServerThatContradictsItself() throws {
        var play = try Play.ready(Self.chunking)
        _ = try play.openDeferred()
        _ = play.write("one\r\n")
        _ = play.finish("two\r\n")
        #expect(
            play.server("250 ok\r\n250 ok\r\n452 4.3.1 full\r\n250 queued\r\n") == [
                "refused protocol_violation content unknown", "> RSET|",
            ])
        #expect(play.server("250 ok\r\n") == ["ready"])
    }

    @Test func aChunkThatIsRefusedBehindTheLast() throws {
        var play = try Play.ready(Self.chunking)
        _ = try play.openDeferred()
        _ = play.write("one\r\n")
        _ = play.finish("two\r\n")
        #expect(play.server("250 ok\r\n250 ok\r\n452 4.3.1 full\r\n") == [])
        #expect(play.server("503 no\r\n") == ["refused refused content 452 not_sent", "> RSET|"])
        #expect(play.server("250 ok\r\n") == ["ready"])
    }

    /// The outcome is unknown from the write of the last chunk on, until a refusal is known that it cannot outlive.
    @Test func theOutcomeOfALostConnection() throws {
        for (replies, failure) in [
            ("", "connection_lost mail unknown"),
            ("250 ok\r\n", "connection_lost rcpt unknown"),
            ("250 ok\r\n250 ok\r\n", "connection_lost content unknown"),
            ("550 no\r\n", "refused mail 550 not_sent"),
            ("250 ok\r\n550 no\r\n", "refused rcpt 550 not_sent"),
        ] {
            var play = try Play.ready(Self.chunking)
            _ = try play.openDeferred()
            _ = play.finish("x\r\n")
            _ = play.server(replies)
            #expect(play.closed().first == "failed \(failure)")
        }
        var play = try Play.ready(Self.chunking)
        _ = try play.openDeferred()
        _ = play.write("x\r\n")
        #expect(play.closed().first == "failed connection_lost mail not_sent")
    }

    @Test func anAbandonedMessageIsReset() throws {
        var play = try Play.ready(Self.chunking)
        _ = try play.openDeferred()
        play.conversation.abandonContent()
        #expect(play.drain() == ["failed shut_down content not_sent"])
        _ = try play.openDeferred()
        _ = play.write("x\r\n")
        play.conversation.abandonContent()
        #expect(play.drain() == ["refused shut_down content not_sent", "> RSET|"])
        #expect(play.server("250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n") == ["ready"])
        #expect(play.conversation.state.name == .ready)
    }

    /// What follows a failed BDAT is undefined until RSET, so one stands before the next envelope.
    @Test func aChainedEnvelopeStandsBehindAReset() throws {
        for last in ["250 queued", "554 spam"] {
            var play = try Play.ready(Self.chunking)
            _ = try play.openDeferred()
            let next = try Envelope(from: "d@example.org", to: ["e@example.net"])
            #expect((play.conversation.mayChain(next)) as Bool)
            try play.conversation.finishContent(ByteBuffer(string: "x\r\n"), followedBy: next)
            #expect(
                play.drain() == [
                    "> MAIL FROM:<a@example.org>|RCPT TO:<b@example.net>|BDAT 3 LAST|x|"
                        + "RSET|MAIL FROM:<d@example.org>|RCPT TO:<e@example.net>|DATA|"
                ])
            let result = last.hasPrefix("2") ? "finished 250" : "failed refused content 554 not_sent"
            #expect(play.server("250 ok\r\n250 ok\r\n\(last)\r\n") == [result])
            #expect(play.server("250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n") == ["opened"])
        }
    }

    @Test func whatMayWaitForItsContent() throws {
        var play = try Play.ready(Self.chunking)
        var envelope = try Envelope(from: "a@example.org", to: ["b@example.net", "c@example.net"])
        #expect((play.conversation.mayDefer(envelope)) as Bool)
        // All or none: the content may not go out before all have been answered.
        envelope.recipientPolicy = .all
        #expect((!play.conversation.mayDefer(envelope)) as Bool)
        play = try Play.ready("250 CHUNKING\r\n")
        #expect((!play.conversation.mayDefer(try Envelope(from: "a@example.org", to: ["b@example.net"]))) as Bool)
    }

    @Test func binaryContentNeedsItsExtension() throws {
        var play = try Play.ready("250-PIPELINING\r\n250 CHUNKING\r\n")
        var envelope = try Envelope(from: "a@example.org", to: ["b@example.net"])
        envelope.extensions = MailExtensions()
        envelope.extensions?.body = .binaryMIME
        try play.conversation.open(envelope)
        #expect(play.drain() == ["failed unsupported mail not_sent"])
        play = try Play.ready(Self.chunking)
        try play.conversation.open(envelope)
        #expect(play.drain() == ["> MAIL FROM:<a@example.org> BODY=BINARYMIME|RCPT TO:<b@example.net>|"])
        #expect(play.server("250 ok\r\n250 ok\r\n") == ["opened"])
        #expect(play.finish("\0\n.") == ["> BDAT 3 LAST|\0\n."])
    }

    // MARK: Over a socket

    private static let setUp: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n" + chunking),
    ]

    @Test func aDeferredMessageIsOneWrite() async throws {
        let group = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nBDAT 12 LAST\r\n.a\r\nb\r\nc\r\n\r\n"
        let relay = try await ScriptedRelay.start(
            Self.setUp + [
                .expect(group), .send("250 ok\r\n250 ok\r\n250 2.0.0 queued\r\n"), .expect("QUIT\r\n"),
                .send("221 bye\r\n"), .close,
            ])
        let session = try await connect(relay)
        var message = try await session.open(
            Envelope(from: "a@example.org", to: ["b@example.net"]), generatesFields: false, mayDefer: true)
        try await message.write(".a\nb")
        try await message.write("\rc\r\n\n")
        let receipt = try await message.finish()
        #expect(receipt.reply.code == 250)
        #expect(receipt.accepted.map(\.description) == ["b@example.net"])
        try await session.disconnect()
        #expect(relay.complaints == [])
        // EHLO, the whole message, QUIT.
        #expect(relay.reads.first?.count == 3)
        await relay.stop()
    }

    @Test func binaryContentArrivesAsItIs() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + [
                .expect("MAIL FROM:<a@example.org> BODY=BINARYMIME\r\nRCPT TO:<b@example.net>\r\n"),
                .send("250 ok\r\n250 ok\r\n"), .expect("BDAT 5 LAST\r\n\n.\r\0\n"), .send("250 ok\r\n"),
            ])
        let session = try await connect(relay)
        var envelope = try Envelope(from: "a@example.org", to: ["b@example.net"])
        envelope.extensions = MailExtensions()
        envelope.extensions?.body = .binaryMIME
        var message = try await session.open(envelope, generatesFields: false)
        try await message.write("\n.\r\0\n")
        #expect(try await message.close().code == 250)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// What a server says to a chunk reaches the writer at its next calls, while the transaction is being reset and
    /// afterwards; nothing more of the message goes out, and the session goes on.
    @Test func theWriterLearnsOfARefusedChunk() async throws {
        let group = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nBDAT 2 LAST\r\n\r\n"
        let relay = try await ScriptedRelay.start(
            Self.setUp + [
                .expectEnd("BDAT 262144\r\n"), .send("250 ok\r\n250 ok\r\n552 5.3.4 too large\r\n"),
                .expectEnd("RSET\r\n"), .hold, .send("250 ok\r\n"), .expect(group),
                .send("250 ok\r\n250 ok\r\n250 queued\r\n"), .expect("QUIT\r\n"), .send("221 bye\r\n"), .close,
            ])
        let session = try await connect(relay)
        let envelope = try Envelope(from: "a@example.org", to: ["b@example.net"])
        var message = try await session.open(envelope, generatesFields: false, mayDefer: true)
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: SMTPMessageWriter.pieceSize)
        try await message.write(piece)
        while relay.received.first?.contains("RSET\r\n") != true { try await Task.sleep(for: .milliseconds(2)) }
        for isReset in [false, true] {
            if isReset {
                relay.release()
                while !(await isReady(session)) { try await Task.sleep(for: .milliseconds(2)) }
            }
            do {
                try await message.write(piece)
                Issue.record("the server's refusal was not noticed")
            } catch {
                #expect(error.reason == .refused)
                #expect(error.stage == .content)
                #expect(error.code == 552)
                #expect(error.text == "too large")
                #expect(error.outcome == .notSent)
            }
        }
        do {
            _ = try await message.finish()
            Issue.record("the message was refused")
        } catch {
            #expect(error.code == 552)
        }
        var next = try await session.open(envelope, generatesFields: false, mayDefer: true)
        try await next.write("\r\n")
        #expect(try await next.finish().reply.code == 250)
        try await session.disconnect()
        #expect(relay.complaints == [])
        // Seven are in the commands.
        #expect(relay.received.first?.count { $0 == "a" } == piece.count + 7)
        await relay.stop()
    }

    private func isReady(_ session: SMTPSession) async -> Bool {
        await withCheckedContinuation { continuation in
            session.onEventLoop { continuation.resume(returning: $0.isReady) }
        }
    }

    private func connect(_ relay: ScriptedRelay) async throws -> SMTPSession {
        let identity = try #require(ClientDomain("client.example.org"))
        return try await SMTPSession.connect(SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity))
    }
}
