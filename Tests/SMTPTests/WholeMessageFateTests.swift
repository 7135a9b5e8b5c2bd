import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// What messages that are sent in one call are told when the pool is shut down, when they are taken back, and when they are
/// sent a second time: each once, and what is true of it.
@Suite(.timeLimit(.minutes(1))) struct WholeMessageFateTests {
    private typealias Bench = WholeMessageBench
    private static let long = Duration.seconds(600)
    private static let primed =
        Bench.greeting + [.expect(Bench.envelope), Bench.goAhead, .expect(content(0)), .send("250 primed\r\n")]

    private static func text(_ number: Int) -> String { "Subject: \(number)\r\n\r\n\(number)\r\n" }
    private static func content(_ number: Int) -> String { text(number) + ".\r\n" }

    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    /// Submits messages in one turn of the loop; what each is told comes with its number.
    private func submit(_ numbers: ClosedRange<Int>, to pool: SMTPSessionPool) async throws -> AsyncStream<String> {
        let (answers, answer) = AsyncStream<String>.makeStream()
        let loop = loop
        try await loop.submit {
            for number in numbers {
                let message = try WholeTestMessage(Self.text(number)) {
                    answer.yield("\(number): \(Bench.told($0))")
                }
                pool.send(message, on: loop)
            }
        }.get()
        return answers
    }

    private func first(_ count: Int, of answers: AsyncStream<String>) async -> [String] {
        var told: [String] = []
        for await text in answers.prefix(count) { told.append(text) }
        return told
    }

    private func wait(until isSo: () async -> Bool) async throws {
        while !(await isSo()) { try await Task.sleep(for: .milliseconds(2)) }
    }

    private func prime(_ pool: SMTPSessionPool) async {
        #expect(Bench.told(await Bench.send(Self.text(0), by: pool, on: loop)) == "primed")
    }

    // MARK: Shutdown

    /// One whose envelope has gone out is finished; the one that waits is told at once that it was not sent.
    @Test func anOpenOneIsFinished() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting
                + [.expect(Bench.envelope), .hold, Bench.goAhead, .expect(Self.content(1)), .send("250 first\r\n")]
                + Bench.quit)
        let pool = try Bench.pool(relay, on: loop)
        let answers = try await submit(1...2, to: pool)
        try await wait { relay.received.first?.hasSuffix(Bench.envelope) == true }
        async let end: Void = pool.shutdown(grace: Self.long)
        #expect(await first(1, of: answers) == ["2: shut_down not_sent"])
        relay.release()
        #expect(await first(1, of: answers) == ["1: first"])
        await end
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// When the grace is over, one whose content has not gone out is not sent, and one whose end has is unknown.
    @Test(arguments: [false, true]) func theGraceOfOneIsOver(_ hasEnded: Bool) async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting + [.expect(Bench.envelope)] + (hasEnded ? [Bench.goAhead, .expect(Self.content(1))] : [])
                + [.silence])
        let pool = try Bench.pool(relay, on: loop)
        let answers = try await submit(1...1, to: pool)
        try await wait { relay.received.first?.hasSuffix(hasEnded ? Self.content(1) : Bench.envelope) == true }
        await pool.shutdown(grace: .milliseconds(20))
        #expect(await first(1, of: answers) == ["1: shut_down \(hasEnded ? "unknown" : "not_sent")"])
        #expect(relay.connections == 1)
        await relay.stop()
    }

    /// A message whose envelope went out with the end of another is under way, too.
    @Test func aChainedOneIsFinished() async throws {
        let relay = try await ScriptedRelay.start(
            Self.primed
                + [.expect(Bench.envelope), Bench.goAhead, .expect(Self.content(1) + Bench.envelope), .hold]
                + [.send("250 first\r\n"), Bench.goAhead, .expect(Self.content(2)), .send("250 second\r\n")]
                + Bench.quit)
        let pool = try Bench.pool(relay, on: loop)
        await prime(pool)
        let answers = try await submit(1...3, to: pool)
        try await wait { relay.received.first?.hasSuffix(Self.content(1) + Bench.envelope) == true }
        async let end: Void = pool.shutdown(grace: Self.long)
        #expect(await first(1, of: answers) == ["3: shut_down not_sent"])
        relay.release()
        #expect(await first(2, of: answers) == ["1: first", "2: second"])
        await end
        #expect(relay.connections == 1)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    @Test func theGraceOfAChainedOneIsOver() async throws {
        let relay = try await ScriptedRelay.start(
            Self.primed
                + [.expect(Bench.envelope), Bench.goAhead, .expect(Self.content(1) + Bench.envelope), .silence])
        let pool = try Bench.pool(relay, on: loop)
        await prime(pool)
        let answers = try await submit(1...2, to: pool)
        try await wait { relay.received.first?.hasSuffix(Self.content(1) + Bench.envelope) == true }
        await pool.shutdown(grace: .milliseconds(20))
        #expect(await first(2, of: answers).sorted() == ["1: shut_down unknown", "2: shut_down not_sent"])
        #expect(relay.connections == 1)
        await relay.stop()
    }

    // MARK: A second try

    /// The relay takes its time over the first: the second is sent on another session, and the first is still answered.
    @Test func aChainedOneIsTakenBack() async throws {
        let relay = try await ScriptedRelay.start(
            Self.primed + [
                .expect(Bench.envelope), Bench.goAhead, .expect(Self.content(1) + Bench.envelope), .hold,
                .send("250 first\r\n"), .silence,
            ],
            Bench.greeting + [
                .expect(Bench.envelope), Bench.goAhead, .expect(Self.content(2)), .send("250 second\r\n"), .silence,
            ])
        // A reply within a quarter of the patience counts as prompt: the first one has to be.
        let pool = try Bench.pool(relay, on: loop) {
            $0.sessions = 2
            $0.chainPatience = .seconds(4)
        }
        await prime(pool)
        let (answers, answer) = AsyncStream<String>.makeStream()
        let loop = loop
        try await loop.submit {
            let second = try WholeTestMessage(Self.text(2)) { answer.yield("2: \(Bench.told($0))") }
            // It comes when the first is about to go out, so that no other session can have taken it.
            let first = try WholeTestMessage(Self.text(1), whenTaken: { pool.send(second, on: loop) }) {
                answer.yield("1: \(Bench.told($0))")
            }
            pool.send(first, on: loop)
        }.get()
        #expect(await first(1, of: answers) == ["2: second"])
        relay.release()
        #expect(await first(1, of: answers) == ["1: first"])
        #expect(relay.connections == 2)
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .zero)
        await relay.stop()
    }

    /// The relay has had enough of the session, or has given it up: the message goes out once, on a fresh one.
    @Test(arguments: ["421 4.3.2 enough\r\n", "451 4.3.0 enough\r\n", nil])
    func oneThatMeetsAStaleSessionGoesOutOnAFreshOne(_ reply: String?) async throws {
        let goodbye: [ScriptedRelay.Step] = [.expect(Bench.envelope)] + (reply.map { [.send($0)] } ?? []) + [.close]
        let relay = try await ScriptedRelay.start(
            Self.primed + goodbye,
            Bench.greeting + [.expect(Bench.envelope), Bench.goAhead, .expect(Self.content(1)), .send("250 fresh\r\n")]
                + Bench.quit)
        let pool = try Bench.pool(relay, on: loop)
        await prime(pool)
        #expect(await first(1, of: try submit(1...1, to: pool)) == ["1: fresh"])
        await pool.shutdown(grace: .seconds(5))
        #expect(relay.connections == 2)
        await relay.stop()
    }

    /// Such as the recipients that did not fit: a second session would have nothing to do.
    @Test func whatIsSentOnceOneIsCompletedFindsTheSessionFree() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting
                + [.expect(Bench.envelope), Bench.goAhead, .expect(Self.content(1)), .send("250 first\r\n")]
                + [.expect(Bench.envelope), Bench.goAhead, .expect(Self.content(2)), .send("250 second\r\n")]
                + Bench.quit,
            [.silence])
        let pool = try Bench.pool(relay, on: loop) { $0.sessions = 2 }
        let loop = loop
        let told: String = await withCheckedContinuation { continuation in
            loop.execute {
                do {
                    let second = try WholeTestMessage(Self.text(2)) { continuation.resume(returning: Bench.told($0)) }
                    pool.send(try WholeTestMessage(Self.text(1)) { _ in pool.send(second, on: loop) }, on: loop)
                } catch {
                    Issue.record(error)
                }
            }
        }
        #expect(told == "second")
        #expect(await pool.figures.connecting == 0)
        await pool.shutdown(grace: .seconds(5))
        #expect(relay.connections == 1)
        await relay.stop()
    }
}
