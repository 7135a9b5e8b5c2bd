import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// What becomes of each message, and of each session, when a pool is shut down. A grace of minutes is never waited for.
@Suite(.timeLimit(.minutes(1))) struct PoolShutdownTests {
    private static let commands = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
    private static let setUp: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
    ]
    private static let envelope: [ScriptedRelay.Step] = [.expect(commands), .send("250 ok\r\n250 ok\r\n354 go\r\n")]
    private static let content: [ScriptedRelay.Step] = [.expect(".\r\n"), .send("250 queued\r\n")]
    /// Nothing is chained before the server has shown that it answers soon.
    private static let primed: [ScriptedRelay.Step] = setUp + envelope + content
    private static let quit: [ScriptedRelay.Step] = [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close]
    private static let long = Duration.seconds(600)

    private func pool(
        _ relay: ScriptedRelay, _ change: (inout SMTPPoolLimits) -> Void = { _ in }
    ) throws -> SMTPSessionPool {
        let identity = try #require(ClientDomain("client.example.org"))
        var limits = SMTPPoolLimits()
        limits.sessions = 1
        limits.queueTimeout = Self.long
        limits.chainPatience = Self.long
        limits.probeTimeout = Self.long
        change(&limits)
        return SMTPSessionPool(
            SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity), limits: limits,
            on: [MultiThreadedEventLoopGroup.singleton.next()])
    }

    private func open(_ pool: SMTPSessionPool) async throws -> SMTPMessageWriter {
        try await pool.open(Envelope(from: "a@example.org", to: ["b@example.net"]), generatesFields: false)
    }

    /// Sends a message of no content, and tells the code, or the reason and the outcome.
    ///
    /// - Parameter isTime: when the message is ended that is open then.
    private func send(_ pool: SMTPSessionPool, when isTime: () async -> Bool = { true }) async throws -> String {
        do {
            let message = try await open(pool)
            try await wait(until: isTime)
            return await finish(message)
        } catch let error as SMTPError {
            return "\(error.reason) \(error.outcome.rawValue)"
        }
    }

    private func finish(_ message: consuming SMTPMessageWriter) async -> String {
        do {
            return try await String(message.close().code)
        } catch {
            return "\(error.reason) \(error.outcome.rawValue)"
        }
    }

    private func wait(until isSo: () async -> Bool) async throws {
        while !(await isSo()) { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Waits until the pool takes no message any more. All sessions are busy: one that came too early is among those
    /// that wait, and is told the same.
    private func waitUntilShutDown(_ pool: SMTPSessionPool) async throws {
        #expect(try await send(pool) == "shut_down not_sent")
    }

    /// The open message is finished, and its session ended in good order; the one that waits is told at once.
    @Test func anOpenMessageIsFinished() async throws {
        let relay = try await ScriptedRelay.start(Self.setUp + Self.envelope + Self.content + Self.quit)
        let pool = try pool(relay)
        let message = try await open(pool)
        async let waiting = send(pool)
        try await wait { await pool.figures.waiting == 1 }
        async let end: Void = pool.shutdown(grace: Self.long)
        #expect(try await waiting == "shut_down not_sent")
        try await waitUntilShutDown(pool)
        let result = await finish(message)
        #expect(result == "250")
        await end
        #expect(await pool.figures.sessions == 0)
        #expect(relay.complaints == [])
        #expect(relay.received == ["EHLO client.example.org\r\n" + Self.commands + ".\r\nQUIT\r\n"])
        await relay.stop()
    }

    /// A second call waits for the same end.
    @Test func twoWhoShutDown() async throws {
        let relay = try await ScriptedRelay.start(Self.setUp + Self.envelope + Self.content + Self.quit)
        let pool = try pool(relay)
        let message = try await open(pool)
        async let end: Void = pool.shutdown(grace: Self.long)
        try await waitUntilShutDown(pool)
        async let secondEnd: Void = pool.shutdown(grace: Self.long)
        let result = await finish(message)
        #expect(result == "250")
        await end
        await secondEnd
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// Behind the grace, a message whose content is not complete is not sent, and one whose end has gone out is unknown.
    @Test(arguments: [false, true]) func theGraceIsOver(_ isComplete: Bool) async throws {
        let relay = try await ScriptedRelay.start(Self.setUp + Self.envelope + [.silence])
        let pool = try pool(relay)
        if isComplete {
            async let result = send(pool)
            try await wait { relay.received.first?.hasSuffix(Self.commands + ".\r\n") == true }
            await pool.shutdown(grace: .milliseconds(50))
            #expect(try await result == "shut_down unknown")
        } else {
            let message = try await open(pool)
            await pool.shutdown(grace: .milliseconds(50))
            let result = await finish(message)
            #expect(result == "shut_down not_sent")
        }
        #expect(await pool.figures.sessions == 0)
        try await wait { relay.ended == 1 }
        await relay.stop()
    }

    /// A message whose envelope went out behind the content of another one is under way: it is finished, too.
    @Test func aChainedMessageIsFinished() async throws {
        let relay = try await ScriptedRelay.start(
            Self.primed + Self.envelope + [.expect(".\r\n" + Self.commands), .hold, .send("250 queued\r\n")]
                + [.send("250 ok\r\n250 ok\r\n354 go\r\n")] + Self.content + Self.quit)
        let pool = try pool(relay)
        #expect(try await send(pool) == "250")
        async let first = send(pool) { await pool.figures.waiting == 1 }
        try await wait { relay.received.first?.hasSuffix(Self.commands) == true }
        async let second = send(pool)
        try await wait { await pool.figures.counts.chained == 1 }
        async let end: Void = pool.shutdown(grace: Self.long)
        try await waitUntilShutDown(pool)
        relay.release()
        #expect(try await first == "250")
        #expect(try await second == "250")
        await end
        #expect(relay.connections == 1)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// Behind the grace it is not sent, and nowhere else either.
    @Test func theGraceOfAChainedMessageIsOver() async throws {
        let relay = try await ScriptedRelay.start(
            Self.primed + Self.envelope + [.expect(".\r\n" + Self.commands), .silence])
        let pool = try pool(relay) { $0.sessions = 2 }
        #expect(try await send(pool) == "250")
        async let first = send(pool) {
            let figures = await pool.figures
            return figures.sessions == 2 && figures.waiting == 1
        }
        try await wait { relay.received.first?.hasSuffix(Self.commands) == true }
        // The second session is taken by a message that stays open.
        let other = try await open(pool)
        async let second = send(pool)
        try await wait { await pool.figures.counts.chained == 1 }
        await pool.shutdown(grace: .milliseconds(50))
        #expect(try await first == "shut_down unknown")
        let chained = try await second
        #expect(chained == "shut_down not_sent")
        let unfinished = await finish(other)
        #expect(unfinished == "shut_down not_sent")
        #expect(relay.connections == 2)
        await relay.stop()
    }

    /// A session that is being asked whether its server is there ends in good order when it has answered; the message
    /// that waits for it is told at once.
    @Test func aProbedSession() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + Self.envelope + Self.content + [.expect("NOOP\r\n"), .hold, .send("250 here\r\n")] + Self.quit)
        let pool = try pool(relay) { $0.probeAfter = .zero }
        #expect(try await send(pool) == "250")
        async let waiting = send(pool)
        try await wait { relay.received.first?.hasSuffix("NOOP\r\n") == true }
        async let end: Void = pool.shutdown(grace: Self.long)
        #expect(try await waiting == "shut_down not_sent")
        relay.release()
        await end
        #expect(relay.complaints == [])
        #expect(relay.received.first?.hasSuffix("NOOP\r\nQUIT\r\n") == true)
        #expect(relay.connections == 1)
        await relay.stop()
    }

    /// One whose server does not answer is closed in the time of the probe.
    @Test func aProbedSessionThatIsDead() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp + Self.envelope + Self.content + [.expect("NOOP\r\n"), .silence])
        let pool = try pool(relay) {
            $0.probeAfter = .zero
            $0.probeTimeout = .milliseconds(200)
        }
        #expect(try await send(pool) == "250")
        async let waiting = send(pool)
        try await wait { relay.received.first?.hasSuffix("NOOP\r\n") == true }
        await pool.shutdown(grace: Self.long)
        #expect(try await waiting == "shut_down not_sent")
        try await wait { relay.ended == 1 }
        #expect(relay.connections == 1)
        await relay.stop()
    }

    /// What is still being set up serves nobody any more: it is not waited for, and is no failure of the server.
    @Test func aSessionThatIsBeingSetUp() async throws {
        let relay = try await ScriptedRelay.start([.silence])
        let pool = try pool(relay)
        async let waiting = send(pool)
        try await wait { relay.connections == 1 }
        await pool.shutdown(grace: Self.long)
        #expect(try await waiting == "shut_down not_sent")
        let figures = await pool.figures
        #expect(figures.connecting == 0)
        #expect(figures.counts.failedConnections == 0)
        try await wait { relay.ended == 1 }
        #expect(try await send(pool) == "shut_down not_sent")
        await relay.stop()
    }
}
