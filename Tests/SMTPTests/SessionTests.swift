import MailAddress
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import SMTP

private let greeting: [ScriptedRelay.Step] = [
    .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
]
private let envelope: [ScriptedRelay.Step] = [
    .expect("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
    .send("250 ok\r\n250 ok\r\n354 go\r\n"),
]
private let taken: [ScriptedRelay.Step] = [.expectEnd("\r\n.\r\n"), .send("250 2.0.0 Ok: queued as 4F2\r\n")]
private let quit: [ScriptedRelay.Step] = [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close]

private func connect(
    _ relay: ScriptedRelay, transcript: SMTPTranscript? = nil, timeouts: SMTPTimeouts = .init()
) async throws(SMTPError) -> SMTPSession {
    guard let identity = ClientDomain("client.example.org") else {
        throw SMTPError(.invalidUse, stage: .ehlo, detail: "")
    }
    var configuration = SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity)
    configuration.transcript = transcript
    configuration.timeouts = timeouts
    return try await SMTPSession.connect(configuration)
}

/// The writer is not escapable into a macro's closure, so failures are caught by hand.
private func failure(_ work: () async throws -> Void) async -> SMTPError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? SMTPError
    }
}

@Suite(.timeLimit(.minutes(1))) struct SessionTests {
    @Test func aMessage() async throws {
        let relay = try await ScriptedRelay.start(greeting + envelope + taken + quit)
        let lines = Mutex<[String]>([])
        let session = try await connect(
            relay, transcript: SMTPTranscript { line in lines.withLock { $0.append(line) } })
        var message = try await session.open(from: "a@example.org", to: "b@example.net")
        try await message.write("Subject: How are you?\r\n")
        try await message.write(
            "From: a@example.org\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nSo,\n.how\rare you")
        let reply = try await message.close()
        #expect(reply.code == 250)
        #expect(reply.enhancedCode?.description == "2.0.0")
        #expect(reply.text == "Ok: queued as 4F2")
        try await session.disconnect()
        #expect(relay.complaints == [])
        #expect(
            relay.received == [
                "EHLO client.example.org\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
                    + "Subject: How are you?\r\nFrom: a@example.org\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n"
                    + "So,\r\n..how\r\nare you\r\n.\r\nQUIT\r\n"
            ])
        // Envelope and content take one write each.
        #expect(relay.reads.first?.count == 4)
        let transcript = lines.withLock { $0 }
        #expect(transcript.first == "S: 220 relay")
        #expect(transcript.contains("C: MAIL FROM:<a@example.org>"))
        #expect(!transcript.joined().contains("how"))
        await relay.stop()
    }

    @Test func fieldsAreSupplied() async throws {
        let relay = try await ScriptedRelay.start(greeting + envelope + taken + quit)
        let session = try await connect(relay)
        var message = try await session.open(from: "a@example.org", to: "b@example.net")
        try await message.write("Subject: x\r\n\r\nhi\r\n")
        _ = try await message.close()
        try await session.disconnect()
        let content = try #require(relay.received.first)
        #expect(content.contains("DATA\r\nFrom: <a@example.org>\r\nDate: "))
        #expect(content.contains(" +0000\r\nSubject: x\r\n\r\nhi\r\n.\r\n"))
        await relay.stop()
    }

    @Test func secondOpenThrows() async throws {
        let relay = try await ScriptedRelay.start(greeting + envelope + taken + quit)
        let session = try await connect(relay)
        var message = try await session.open(from: "a@example.org", to: "b@example.net")
        let error = await failure { _ = try await session.open(from: "a@example.org", to: "b@example.net") }
        #expect(error?.reason == .invalidUse)
        let early = await failure { try await session.disconnect() }
        #expect(early?.reason == .invalidUse)
        try await message.write("\r\nhi")
        #expect(try await message.close().code == 250)
        try await session.disconnect()
        await relay.stop()
    }

    /// Whether a piece of it had gone out or not: its end never does, and the connection ends.
    @Test(arguments: [0, 2]) func aDroppedMessageIsNotSent(_ pieces: Int) async throws {
        let relay = try await ScriptedRelay.start(greeting + envelope + [.silence])
        let session = try await connect(relay)
        do {
            var message = try await session.open(from: "a@example.org", to: "b@example.net")
            try await message.write("Subject: half\r\n\r\nof it\r\n")
            for _ in 0..<pieces {
                try await message.write([UInt8](repeating: UInt8(ascii: "x"), count: SMTPMessageWriter.pieceSize))
            }
        }
        let error = await failure { _ = try await session.open(from: "a@example.org", to: "b@example.net") }
        #expect(error?.reason == .shutDown)
        while relay.ended == 0 { try await Task.sleep(for: .milliseconds(2)) }
        let received = try #require(relay.received.first)
        #expect(received.contains("Subject: half\r\n\r\nof it") == (pieces > 0))
        #expect(!received.contains("\r\n.\r\n"))
        #expect(!received.hasSuffix("QUIT\r\n"))
        await relay.stop()
    }

    @Test func refusalsCarryTheReply() async throws {
        let relay = try await ScriptedRelay.start(
            greeting + [
                .expect("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
                .send("250 ok\r\n550-5.1.1 No\r\n550 5.1.1 such user\r\n554 none\r\n"), .expect("RSET\r\n"),
                .send("250 ok\r\n"),
            ] + envelope + taken)
        let session = try await connect(relay)
        let error = await failure { _ = try await session.open(from: "a@example.org", to: "b@example.net") }
        #expect(error?.code == 550)
        #expect(error?.enhancedCode?.description == "5.1.1")
        #expect(error?.text == "No\nsuch user")
        #expect(error?.stage == .rcpt)
        #expect(error?.isTransient == false)
        #expect(error?.outcome == .notSent)
        // The session goes on.
        let message = try await session.open(from: "a@example.org", to: "b@example.net")
        #expect(try await message.close().code == 250)
        await relay.stop()
    }

    @Test func lostBehindTheDot() async throws {
        let relay = try await ScriptedRelay.start(greeting + envelope + [.expectEnd("\r\n.\r\n"), .close])
        let session = try await connect(relay)
        var message = try await session.open(from: "a@example.org", to: "b@example.net")
        try await message.write("\r\nhi")
        var found: SMTPError?
        do throws(SMTPError) {
            _ = try await message.close()
        } catch {
            found = error
        }
        #expect(found?.outcome == .unknown)
        #expect(found?.stage == .content)
        #expect(found?.isTransient == false)
        await relay.stop()
    }

    @Test func silenceMeetsTheDeadline() async throws {
        let relay = try await ScriptedRelay.start([.silence])
        var timeouts = SMTPTimeouts()
        timeouts.greeting = .milliseconds(50)
        let error = await failure { _ = try await connect(relay, timeouts: timeouts) }
        #expect(error?.reason == .timedOut)
        #expect(error?.stage == .greeting)
        await relay.stop()
    }

    @Test func nobodyListens() async throws {
        let relay = try ClosedPort()
        let error = await failure {
            _ = try await SMTPSession.connect(to: "127.0.0.1", port: relay.port, identifyingAs: "client.example.org")
        }
        #expect(error?.reason == .unreachable)
        #expect(error?.stage == .connect)
        #expect(error?.isTransient == true)
    }

    /// More than the sockets' buffers hold: the writer waits for the relay and nothing is lost.
    @Test func largeContent() async throws {
        let relay = try await ScriptedRelay.start(
            greeting + envelope + [.pause(.milliseconds(100))] + taken + quit)
        let session = try await connect(relay)
        var message = try await session.open(from: "a@example.org", to: "b@example.net")
        try await message.write("From: a@example.org\r\nDate: x\r\n\r\n")
        let line = String(repeating: "x", count: 998) + "\r\n"
        let piece = String(repeating: line, count: 1000)
        for _ in 0..<8 { try await message.write(piece) }
        #expect(try await message.close().code == 250)
        #expect((relay.received.first?.utf8.count ?? 0) > 8_000_000)
        await relay.stop()
    }

    @Test func invalidArguments() async throws {
        let error = await failure {
            _ = try await SMTPSession.connect(to: "127.0.0.1", port: 1, identifyingAs: "client\r\nRSET")
        }
        #expect(error?.reason == .invalidUse)
        #expect(throws: SMTPError.self) { try Envelope(from: "a@example.org", to: ["b@example.net>\r\nDATA"]) }
        #expect(throws: SMTPError.self) { try Envelope(from: "a@example.org", to: []) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct PoolTests {
    private func pool(_ relay: ScriptedRelay, sessions: Int = 1) throws -> SMTPSessionPool {
        try pool(port: relay.port, sessions: sessions)
    }

    private func pool(port: Int, sessions: Int) throws -> SMTPSessionPool {
        let identity = try #require(ClientDomain("client.example.org"))
        var limits = SMTPPoolLimits()
        // How soon a busy machine gets round to each message is not the matter here.
        limits.queueTimeout = .seconds(600)
        limits.sessions = sessions
        return SMTPSessionPool(
            SMTPConfiguration(host: "127.0.0.1", port: port, identity: identity), limits: limits,
            on: [MultiThreadedEventLoopGroup.singleton.next()])
    }

    private func send(_ pool: SMTPSessionPool) async throws -> Reply {
        let message = try await pool.open(
            Envelope(from: "a@example.org", to: ["b@example.net"]), generatesFields: false)
        return try await message.close()
    }

    private let empty: [ScriptedRelay.Step] = [.expect(".\r\n"), .send("250 queued\r\n")]

    @Test func sessionsAreUsedAgain() async throws {
        let relay = try await ScriptedRelay.start(greeting + envelope + empty + envelope + empty + quit)
        let pool = try pool(relay)
        #expect(try await send(pool).code == 250)
        #expect(try await send(pool).code == 250)
        #expect(relay.connections == 1)
        #expect(await pool.figures.idle == 1)
        await pool.shutdown()
        #expect(relay.received.first?.hasSuffix("QUIT\r\n") == true)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// The first session ends when its second envelope comes: a fresh one takes the message, and the caller sees nothing.
    @Test func aStaleSessionIsReplaced() async throws {
        let dying: [ScriptedRelay.Step] = [.expectEnd("DATA\r\n"), .close]
        let relay = try await ScriptedRelay.start(
            greeting + envelope + empty + dying, greeting + envelope + empty)
        let pool = try pool(relay)
        #expect(try await send(pool).code == 250)
        #expect(try await send(pool).code == 250)
        #expect(relay.connections == 2)
        await relay.stop()
        await pool.shutdown(grace: .milliseconds(10))
    }

    /// A fresh session that dies is a failure that the caller has to know.
    @Test func aFreshSessionIsNotReplaced() async throws {
        let relay = try await ScriptedRelay.start(greeting + [.expectEnd("DATA\r\n"), .close])
        let pool = try pool(relay)
        let error = await failure { _ = try await send(pool) }
        #expect(error?.reason == .connectionLost)
        #expect(error?.stage == .mail)
        #expect(relay.connections == 1)
        await relay.stop()
    }

    @Test func nothingIsSentAgainBehindTheDot() async throws {
        let relay = try await ScriptedRelay.start(
            greeting + envelope + empty + envelope + [.expect(".\r\n"), .close], greeting + envelope + empty)
        let pool = try pool(relay)
        #expect(try await send(pool).code == 250)
        let error = await failure { _ = try await send(pool) }
        #expect(error?.outcome == .unknown)
        #expect(relay.connections == 1)
        await relay.stop()
    }

    @Test func allWhoWaitLearnThatTheRelayIsDown() async throws {
        let relay = try ClosedPort()
        let pool = try pool(port: relay.port, sessions: 2)
        await withTaskGroup(of: SMTPError?.self) { group in
            for _ in 0..<20 { group.addTask { await failure { _ = try await send(pool) } } }
            for await error in group { #expect(error?.reason == .unreachable) }
        }
    }

    @Test func manyMessagesOnFewSessions() async throws {
        let message = envelope + empty
        let relay = try await ScriptedRelay.start(greeting + (0..<200).flatMap { _ in message })
        let pool = try pool(relay, sessions: 4)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 { group.addTask { try await send(pool).code } }
            for try await code in group { #expect(code == 250) }
        }
        #expect(relay.connections <= 4)
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }
}
