import MailAddress
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// What a pool does when servers, firewalls and callers do their worst.
@Suite(.timeLimit(.minutes(1))) struct PoolFaultTests {
    private static func setUp(_ extensions: String = "250 PIPELINING\r\n") -> [ScriptedRelay.Step] {
        [.send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n" + extensions)]
    }
    private static let message: [ScriptedRelay.Step] = [
        .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"),
        .send("250 queued\r\n"),
    ]
    private static let quit: [ScriptedRelay.Step] = [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close]

    private func pool(
        _ relay: ScriptedRelay, loops: Int = 1, replyTimeout: Duration = .seconds(20),
        _ change: (inout SMTPPoolLimits) -> Void = { _ in }
    ) throws -> SMTPSessionPool {
        let identity = try #require(ClientDomain("client.example.org"))
        var limits = SMTPPoolLimits()
        // How soon a busy machine gets round to each message is not the matter here.
        limits.queueTimeout = .seconds(600)
        change(&limits)
        var configuration = SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity)
        configuration.timeouts.reply = replyTimeout
        return SMTPSessionPool(
            configuration, limits: limits, on: (0..<loops).map { _ in MultiThreadedEventLoopGroup.singleton.next() })
    }

    private func send(_ pool: SMTPSessionPool, size: Int? = nil) async throws -> Int {
        var envelope = try Envelope(from: "a@example.org", to: ["b@example.net"])
        envelope.size = size
        var message = try await pool.open(envelope)
        try await message.write("Subject: x\r\n\r\nhi\r\n")
        return try await message.close().code
    }

    /// A session that has been told to end holds no place, whether its server answers to QUIT or not.
    @Test func anUnansweredQuitHoldsNoPlace() async throws {
        let relay = try await ScriptedRelay.start(Self.setUp() + Self.message + [.expect("QUIT\r\n"), .silence])
        // Only the bound of the probe ends the wait for 221 within this test's own time.
        let pool = try pool(relay, replyTimeout: .seconds(300)) {
            $0.sessions = 1
            $0.messagesPerSession = 1
            $0.queueTimeout = .seconds(5)
            $0.probeTimeout = .milliseconds(100)
        }
        for _ in 0..<4 { #expect(try await send(pool) == 250) }
        #expect(relay.connections == 4)
        await pool.shutdown(grace: .seconds(300))
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// Where one session that rested turns out to be dead, those that rested as long are not asked one after the other.
    @Test func manyDeadSessionsCostOneProbe() async throws {
        let dead = Self.setUp() + [.expect("NOOP\r\n"), .silence]
        let relay = try await ScriptedRelay.start(
            scripts: [[ScriptedRelay.Step]](repeating: dead, count: 4) + [Self.setUp() + Self.message + Self.quit])
        let pool = try pool(relay) {
            $0.sessions = 4
            $0.probeAfter = .zero
            $0.probeTimeout = .milliseconds(100)
        }
        try await pool.warmUp(4)
        #expect(try await send(pool) == 250)
        let counts = await pool.figures.counts
        #expect(counts.replaced == 1)
        #expect(relay.connections == 5)
        #expect(relay.received.filter { $0.contains("NOOP") }.count == 1)
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// Thousands that cannot be sent on a session are told so without going deeper for each.
    @Test func thousandsThatAreTooLargeAreToldSo() async throws {
        let relay = try await ScriptedRelay.start(
            [.send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .pause(.milliseconds(200))]
                + [.send("250-relay\r\n250-PIPELINING\r\n250 SIZE 1000\r\n")] + Self.message + Self.quit)
        let pool = try pool(relay) { $0.sessions = 1 }
        let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<5000 {
                group.addTask {
                    do {
                        _ = try await send(pool, size: 1001)
                        return false
                    } catch let error as SMTPError {
                        return error.reason == .messageTooLarge
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(refused == 5000)
        #expect(try await send(pool) == 250)
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// After an attempt that failed beside a busy session, the next one is made in its time.
    @Test func anAttemptThatFailedIsRepeated() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp() + [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .silence],
            [.send("421 busy\r\n"), .close], Self.setUp() + Self.message + Self.quit)
        let pool = try pool(relay) {
            $0.sessions = 2
            $0.reconnectDelay = .milliseconds(50)
        }
        let busy = try await pool.open(Envelope(from: "a@example.org", to: ["b@example.net"]))
        #expect(try await send(pool) == 250)
        #expect(relay.connections == 3)
        _ = consume busy
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    @Test func aWarmUpEndsWithThePool() async throws {
        let relay = try await ScriptedRelay.start([.silence])
        let pool = try pool(relay)
        let warmUp = Task { () -> SMTPError.Reason? in
            do throws(SMTPError) {
                try await pool.warmUp(2)
                return nil
            } catch {
                return error.reason
            }
        }
        while await pool.figures.connecting == 0 { try await Task.sleep(for: .milliseconds(1)) }
        await pool.shutdown(grace: .milliseconds(10))
        #expect(await warmUp.value == .shutDown)
        await relay.stop()
    }

    /// Sessions that end in the middle of a warm-up are made up for.
    @Test func aWarmUpReplacesWhatItLoses() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp() + [.close], Self.setUp(), Self.setUp(), Self.setUp())
        let pool = try pool(relay) { $0.sessions = 2 }
        try await pool.warmUp(2)
        #expect(relay.connections >= 2)
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// A task that is cancelled when its message is over does not end the session, which belongs to the next message.
    @Test func aLateCancellationEndsNothing() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp() + Self.message + Self.message + [
                .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"),
            ]
        )
        let identity = try #require(ClientDomain("client.example.org"))
        let session = try await SMTPSession.connect(
            SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity))
        #expect(try await session.open(from: "a@example.org", to: "b@example.net").close().code == 250)
        let second = try await session.open(from: "a@example.org", to: "b@example.net")
        session.onEventLoop { $0.cancel(transaction: 1) }
        #expect(try await second.close().code == 250)
        session.onEventLoop { $0.cancel(transaction: 2) }
        // In its own time it does.
        let third = try await session.open(from: "a@example.org", to: "b@example.net")
        session.onEventLoop { $0.cancel(transaction: 3) }
        do {
            _ = try await third.close()
            Issue.record("the session goes on")
        } catch {
            #expect(error.reason == .shutDown)
            #expect(error.outcome == .notSent)
        }
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// Several loops share the bounds, and end together.
    @Test func severalLoops() async throws {
        let relay = try await ScriptedRelay.start(Self.setUp() + (0..<100).flatMap { _ in Self.message } + Self.quit)
        let pool = try pool(relay, loops: 2) { $0.sessions = 3 }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 { group.addTask { try await send(pool) } }
            for try await code in group { #expect(code == 250) }
        }
        #expect(relay.connections <= 3)
        let figures = await pool.figures
        #expect(figures.counts.messages == 100)
        #expect(figures.counts.connected == relay.connections)
        await pool.shutdown(grace: .milliseconds(10))
        #expect(await pool.figures.sessions == 0)
        await relay.stop()
    }

    /// A goodbye in the same breath as the reply to EHLO is what a message is told, and not that it was misused.
    @Test func aGoodbyeInTheSameBreath() async throws {
        let relay = try await ScriptedRelay.start(
            [
                .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250 relay\r\n421 busy\r\n"),
                .close,
            ])
        let pool = try pool(relay)
        let error = await #expect(throws: SMTPError.self) { _ = try await send(pool) }
        #expect(error?.code == 421)
        #expect(error?.isTransient == true)
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }
}
