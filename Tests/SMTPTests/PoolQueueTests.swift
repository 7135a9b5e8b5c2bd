import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// The messages that wait for a session of a pool: their order, their number, their time.
@Suite(.timeLimit(.minutes(1))) struct PoolQueueTests {
    private static let setUp: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
    ]
    private static let content: [ScriptedRelay.Step] = [.expect(".\r\n"), .send("250 queued\r\n")]

    private static func envelope(_ sender: String) -> [ScriptedRelay.Step] {
        [
            .expect("MAIL FROM:<\(sender)@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n354 go\r\n"),
        ]
    }

    private func pool(
        _ relay: ScriptedRelay, _ change: (inout SMTPPoolLimits) -> Void = { _ in }
    ) throws -> SMTPSessionPool {
        let identity = try #require(ClientDomain("client.example.org"))
        var limits = SMTPPoolLimits()
        limits.sessions = 1
        change(&limits)
        return SMTPSessionPool(
            SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity), limits: limits,
            on: [MultiThreadedEventLoopGroup.singleton.next()])
    }

    private func open(_ pool: SMTPSessionPool, _ sender: String) async throws -> SMTPMessageWriter {
        try await pool.open(
            Envelope(from: "\(sender)@example.org", to: ["b@example.net"]), generatesFields: false)
    }

    /// Sends a message of no content, and tells the code or the reason of the failure.
    private func send(_ pool: SMTPSessionPool, _ sender: String) async throws -> String {
        do {
            return try await String(open(pool, sender).close().code)
        } catch let error as SMTPError {
            #expect(error.outcome == .notSent)
            #expect(error.isTransient)
            return error.reason.description
        }
    }

    private func wait(until isSo: () async -> Bool) async throws {
        while !(await isSo()) { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Those that wait are served in the order of their arrival, whether their envelopes are chained or not. Nothing is chained
    /// before the server has shown that it answers soon.
    @Test(arguments: [true, false]) func waitingIsInOrder(_ chains: Bool) async throws {
        let senders = ["a", "c", "d", "e"]
        let relay = try await ScriptedRelay.start(Self.setUp + senders.flatMap { Self.envelope($0) + Self.content })
        let pool = try pool(relay) { $0.chainsTransactions = chains }
        let first = try await open(pool, "a")
        var waiting: [Task<String, any Error>] = []
        for sender in senders.dropFirst() {
            waiting.append(Task { try await send(pool, sender) })
            let count = waiting.count
            try await wait { await pool.figures.waiting == count }
        }
        #expect(try await first.close().code == 250)
        for message in waiting { #expect(try await message.value == "250") }
        // The relay would have ended the connection at any other order.
        #expect(relay.complaints == [])
        #expect(relay.connections == 1)
        #expect(await pool.figures.counts.chained == (chains ? 2 : 0))
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// One more than may wait is turned away at once; those that wait are served.
    @Test func aFullQueueTurnsAway() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + ["a", "c", "d"].flatMap { Self.envelope($0) + Self.content })
        let pool = try pool(relay) { $0.queueLength = 2 }
        let first = try await open(pool, "a")
        async let second = send(pool, "c")
        try await wait { await pool.figures.waiting == 1 }
        async let third = send(pool, "d")
        try await wait { await pool.figures.waiting == 2 }
        #expect(try await send(pool, "e") == "queue_full")
        let figures = await pool.figures
        #expect(figures.counts.turnedAway == 1)
        #expect(figures.waiting == 2)
        #expect(try await first.close().code == 250)
        #expect(try await second == "250")
        #expect(try await third == "250")
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// Behind an attempt that failed, those who come do not make another before its time; the session that there is
    /// serves them.
    @Test func noAttemptBeforeItsTime() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + ["a", "c", "d", "e"].flatMap { Self.envelope($0) + Self.content },
            [.send("421 busy\r\n"), .close])
        let pool = try pool(relay) {
            $0.sessions = 4
            $0.reconnectDelay = .seconds(300)
        }
        let first = try await open(pool, "a")
        var waiting: [Task<String, any Error>] = []
        for sender in ["c", "d", "e"] {
            waiting.append(Task { try await send(pool, sender) })
            let count = waiting.count
            try await wait {
                let figures = await pool.figures
                return figures.waiting == count && figures.counts.failedConnections > 0
            }
            #expect(await pool.figures.connecting == 0)
        }
        #expect(relay.connections == 2)
        #expect(try await first.close().code == 250)
        for message in waiting { #expect(try await message.value == "250") }
        #expect(relay.connections == 2)
        #expect(relay.complaints == [])
        #expect(await pool.figures.counts.failedConnections == 1)
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }
}
