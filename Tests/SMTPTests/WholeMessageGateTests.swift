import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import SMTP

/// Messages that are sent in one call and whose content may not go out at once.
@Suite(.timeLimit(.minutes(1))) struct WholeMessageGateTests {
    private typealias Bench = WholeMessageBench

    private static func text(_ number: Int) -> String { "Subject: \(number)\r\n\r\n\(number)\r\n" }
    private static func content(_ number: Int) -> String { text(number) + ".\r\n" }

    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    /// Messages that wait at their gates, by the order in which they came there.
    private final class Gates: Sendable {
        private let waiting = Mutex<[NIOLoopBound<WholeTransaction>]>([])
        private let loop: any EventLoop

        init(_ loop: any EventLoop) {
            self.loop = loop
        }

        func close(_ transaction: WholeTransaction) -> Bool {
            waiting.withLock { $0.append(NIOLoopBound(transaction, eventLoop: loop)) }
            return false
        }

        /// Waits until so many messages have come, and does something with the last of them.
        func last(of count: Int, _ work: @escaping @Sendable (WholeTransaction) -> Void) async throws {
            while waiting.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(2)) }
            let last = waiting.withLock { $0[count - 1] }
            try await loop.submit { work(last.value) }.get()
        }
    }

    /// Submits messages that wait at their gates, in one turn of the loop; what each is told comes with its number.
    private func submit(
        _ numbers: ClosedRange<Int>, to pool: SMTPSessionPool, _ gates: Gates
    ) async throws -> AsyncStream<String> {
        let (answers, answer) = AsyncStream<String>.makeStream()
        let loop = loop
        try await loop.submit {
            for number in numbers {
                let message = try WholeTestMessage(Self.text(number), gate: gates.close) {
                    answer.yield("\(number): \(Bench.told($0))")
                }
                pool.send(message, on: loop)
            }
        }.get()
        return answers
    }

    private func first(of answers: AsyncStream<String>) async -> String? {
        var iterator = answers.makeAsyncIterator()
        return await iterator.next()
    }

    @Test func theContentGoesOutWhenItMay() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting
                + [.expect(Bench.envelope), Bench.goAhead, .expect(Self.content(1)), .send("250 first\r\n")]
                + Bench.quit)
        let pool = try Bench.pool(relay, on: loop)
        let gates = Gates(loop)
        let answers = try await submit(1...1, to: pool, gates)
        try await gates.last(of: 1) { _ in
            #expect(relay.received.first?.hasSuffix(Bench.envelope) == true)
        }
        // To be told again is to send it once.
        try await gates.last(of: 1) { transaction in
            transaction.sendContent()
            transaction.sendContent()
            transaction.giveUp()
        }
        #expect(await first(of: answers) == "1: first")
        await pool.shutdown(grace: .seconds(5))
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// The envelope of the next message goes out behind the content, and that message waits at its own gate.
    @Test func aChainedOneWaitsForItself() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting + [
                .expect(Bench.envelope), Bench.goAhead, .expect(Self.content(0)), .send("250 primed\r\n"),
            ]
                + [
                    .expect(Bench.envelope), Bench.goAhead, .expect(Self.content(1) + Bench.envelope),
                    .send("250 first\r\n"), Bench.goAhead, .expect(Self.content(2)), .send("250 second\r\n"),
                ] + Bench.quit)
        let pool = try Bench.pool(relay, on: loop)
        #expect(Bench.told(await Bench.send(Self.text(0), by: pool, on: loop)) == "primed")
        let gates = Gates(loop)
        let answers = try await submit(1...2, to: pool, gates)
        try await gates.last(of: 1) { $0.sendContent() }
        #expect(await first(of: answers) == "1: first")
        try await gates.last(of: 2) { transaction in
            #expect(relay.received.first?.hasSuffix(Self.content(1) + Bench.envelope) == true)
            transaction.sendContent()
        }
        #expect(await first(of: answers) == "2: second")
        await pool.shutdown(grace: .seconds(5))
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// Nothing of it is sent, and the message after it goes out on a session of its own.
    @Test func oneIsGivenUp() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting + [.expect(Bench.envelope), Bench.goAhead, .expectAnything],
            Bench.greeting
                + [.expect(Bench.envelope), Bench.goAhead, .expect(Self.content(2)), .send("250 second\r\n")]
                + Bench.quit)
        let pool = try Bench.pool(relay, on: loop)
        let gates = Gates(loop)
        let answers = try await submit(1...2, to: pool, gates)
        try await gates.last(of: 1) { transaction in
            transaction.giveUp()
            transaction.sendContent()
        }
        try await gates.last(of: 2) { $0.sendContent() }
        // The first is told nothing: whoever gave it up knows.
        #expect(await first(of: answers) == "2: second")
        #expect(relay.received.first?.hasSuffix(Bench.envelope) == true)
        await pool.shutdown(grace: .seconds(5))
        await relay.stop()
    }

    /// The session ends, or the pool does, while the message waits: it was not sent.
    @Test(arguments: ["close", "421 4.3.2 enough\r\n", "shutdown"])
    func theSessionEndsMeanwhile(_ end: String) async throws {
        let steps: [ScriptedRelay.Step] =
            switch end {
            case "close": [.hold, .close]
            case "shutdown": [.silence]
            default: [.hold, .send(end), .close]
            }
        let relay = try await ScriptedRelay.start(Bench.greeting + [.expect(Bench.envelope), Bench.goAhead] + steps)
        let pool = try Bench.pool(relay, on: loop)
        let gates = Gates(loop)
        let answers = try await submit(1...1, to: pool, gates)
        try await gates.last(of: 1) { _ in }
        if end == "shutdown" {
            await pool.shutdown(grace: .milliseconds(10))
        } else {
            relay.release()
            while await pool.figures.sessions > 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
        try await gates.last(of: 1) { $0.sendContent() }
        let expected = ["close": "connection_lost", "shutdown": "shut_down"][end] ?? "refused"
        #expect(await first(of: answers) == "1: \(expected) not_sent")
        if end != "shutdown" { await pool.shutdown(grace: .seconds(5)) }
        await relay.stop()
    }
}
