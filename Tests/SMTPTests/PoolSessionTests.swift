import MailAddress
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// How a pool keeps its sessions, and parts with them.
@Suite(.timeLimit(.minutes(1))) struct PoolSessionTests {
    private static func setUp(_ extensions: String = "250 PIPELINING\r\n") -> [ScriptedRelay.Step] {
        [.send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n" + extensions)]
    }
    private static let message: [ScriptedRelay.Step] = [
        .expect("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
        .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"), .send("250 queued\r\n"),
    ]
    private static let quit: [ScriptedRelay.Step] = [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close]

    private func pool(
        _ relay: ScriptedRelay, _ change: (inout SMTPPoolLimits) -> Void = { _ in }
    ) throws -> SMTPSessionPool {
        let identity = try #require(ClientDomain("client.example.org"))
        var limits = SMTPPoolLimits()
        // How soon a busy machine gets round to each message is not the matter here.
        limits.queueTimeout = .seconds(600)
        change(&limits)
        return SMTPSessionPool(
            SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity), limits: limits,
            on: [MultiThreadedEventLoopGroup.singleton.next()])
    }

    private func send(_ pool: SMTPSessionPool) async throws -> Int {
        var message = try await pool.open(Envelope(from: "a@example.org", to: ["b@example.net"]))
        try await message.write("Subject: x\r\n\r\nhi\r\n")
        return try await message.close().code
    }

    @Test func aSessionTakesNoMoreMessagesThanIsAllowed() async throws {
        for announces in [false, true] {
            let setUp = Self.setUp(announces ? "250-PIPELINING\r\n250 LIMITS MAILMAX=2\r\n" : "250 PIPELINING\r\n")
            let relay = try await ScriptedRelay.start(setUp + Self.message + Self.message + Self.quit)
            let pool = try pool(relay) { if !announces { $0.messagesPerSession = 2 } }
            for _ in 0..<4 { #expect(try await send(pool) == 250) }
            await pool.shutdown()
            #expect(relay.connections == 2)
            #expect(relay.complaints == [])
            #expect(await pool.figures.counts.retired == 2)
            await relay.stop()
        }
    }

    @Test func anOldSessionIsEndedInGoodOrder() async throws {
        let relay = try await ScriptedRelay.start(Self.setUp() + Self.message + Self.quit)
        let pool = try pool(relay) { $0.sessionAge = .zero }
        for _ in 0..<3 { #expect(try await send(pool) == 250) }
        await pool.shutdown()
        #expect(relay.connections == 3)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    @Test func aSessionThatRestedIsAskedFirst() async throws {
        let noop: [ScriptedRelay.Step] = [.expect("NOOP\r\n"), .send("250 here\r\n")]
        let relay = try await ScriptedRelay.start(Self.setUp() + Self.message + noop + Self.message + Self.quit)
        let pool = try pool(relay) { $0.probeAfter = .zero }
        for _ in 0..<2 { #expect(try await send(pool) == 250) }
        await pool.shutdown()
        #expect(relay.connections == 1)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// A connection that only looks alive costs the bound of the probe, and no message.
    @Test func aSessionThatDoesNotAnswerIsReplaced() async throws {
        let relay = try await ScriptedRelay.start(
            Self.setUp() + Self.message + [.expect("NOOP\r\n"), .silence], Self.setUp() + Self.message + Self.quit)
        let pool = try pool(relay) {
            $0.probeAfter = .zero
            $0.probeTimeout = .milliseconds(50)
        }
        for _ in 0..<2 { #expect(try await send(pool) == 250) }
        let counts = await pool.figures.counts
        #expect(counts.replaced == 1)
        #expect(counts.messages == 2)
        #expect(counts.connected == 2)
        #expect(relay.complaints == [])
        await pool.shutdown()
        await relay.stop()
    }

    @Test func sessionsAreSetUpAhead() async throws {
        let relay = try await ScriptedRelay.start(Self.setUp() + Self.message + Self.quit)
        let pool = try pool(relay) { $0.sessions = 3 }
        try await pool.warmUp(5)
        let figures = await pool.figures
        #expect(figures.sessions == 3)
        #expect(figures.idle == 3)
        #expect(try await send(pool) == 250)
        #expect(relay.connections == 3)
        await pool.shutdown()
        await relay.stop()
    }

    @Test func aWarmUpThatFailsSaysWhy() async throws {
        let relay = try await ScriptedRelay.start([.send("554 closed\r\n"), .close])
        let pool = try pool(relay)
        let error = await #expect(throws: SMTPError.self) { try await pool.warmUp(2) }
        #expect(error?.code == 554)
        #expect(await pool.figures.counts.failedConnections >= 1)
        await pool.shutdown()
        await relay.stop()
    }

    /// Messages wait for one session, and get it in the order of their arrival.
    @Test func theOrderOfArrivalIsKept() async throws {
        let count = 5
        var script = Self.setUp()
        for number in 0..<count {
            script += [
                .expect("MAIL FROM:<a\(number)@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
                .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"), .send("250 queued\r\n"),
            ]
        }
        let relay = try await ScriptedRelay.start(script + Self.quit)
        let pool = try pool(relay) {
            $0.sessions = 1
            $0.chainsTransactions = false
        }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                group.addTask {
                    var message = try await pool.open(
                        Envelope(from: "a\(number)@example.org", to: ["b@example.net"]))
                    try await message.write("Subject: x\r\n\r\nhi\r\n")
                    return try await message.close().code
                }
                // The next one arrives when this one is known to wait, or to be under way.
                while await pool.figures.counts.messages <= number { await Task.yield() }
            }
            for try await code in group { #expect(code == 250) }
        }
        #expect(relay.complaints == [])
        await pool.shutdown()
        await relay.stop()
    }

    /// The bound of the whole counts what the bounds of the stages let pass.
    @Test func aServerThatIsSlowAtEveryStageMeetsTheBoundOfTheWhole() async throws {
        let relay = try await ScriptedRelay.start([.send("220 relay\r\n"), .expectEnd("EHLO client.example.org\r\n")])
        let identity = try #require(ClientDomain("client.example.org"))
        var configuration = SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity)
        configuration.timeouts.whole = .seconds(1)
        let error = await #expect(throws: SMTPError.self) { _ = try await SMTPSession.connect(configuration) }
        #expect(error?.reason == .timedOut)
        #expect(error?.stage == .ehlo)
        #expect(error?.outcome == .notSent)
        await relay.stop()
    }
}
