import MailAddress
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// Messages that a pool sends in one call.
@Suite(.timeLimit(.minutes(1))) struct WholeMessageTests {
    private typealias Bench = WholeMessageBench

    @Test func goesOutInTwoWritesAndTheNextOnTheSameSession() async throws {
        let message: [ScriptedRelay.Step] = [
            .expect(Bench.envelope), .send("250 ok\r\n250 ok\r\n354 go\r\n"),
            .expect("Subject: x\r\n\r\n..hidden\r\nend\r\n.\r\n"), .send("250 2.0.0 queued\r\n"),
        ]
        let relay = try await ScriptedRelay.start(Bench.greeting + message + message + Bench.quit)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let pool = try Bench.pool(relay, on: loop)
        for _ in 0..<2 {
            // Line ends, a dot and an open last line become what follows DATA.
            let receipt = try await Bench.send("Subject: x\n\n.hidden\nend", by: pool, on: loop).get()
            #expect(receipt.reply.code == 250)
            #expect(receipt.accepted.map(\.description) == ["b@example.net"])
        }
        await pool.shutdown(grace: .seconds(5))
        #expect(relay.complaints == [])
        #expect(relay.connections == 1)
        await relay.stop()
    }

    /// What the relay does at each place, and what the message is told of it.
    @Test(arguments: [
        ("550 5.1.0 no\r\n503 no\r\n503 no\r\n", nil, SMTPStage.mail, 550, SMTPOutcome.notSent),
        ("250 ok\r\n550 5.1.1 no\r\n503 no\r\n", nil, .rcpt, 550, .notSent),
        ("250 ok\r\n250 ok\r\n451 later\r\n", nil, .data, 451, .notSent),
        // It takes its 354 back in the same breath.
        ("250 ok\r\n250 ok\r\n354 go\r\n421 4.3.2 bye\r\n", nil, .content, 421, .notSent),
        ("250 ok\r\n250 ok\r\n354 go\r\n", "554 5.6.0 no\r\n", .content, 554, .notSent),
    ])
    func isToldOfARefusal(
        _ replies: String, _ final: String?, _ stage: SMTPStage, _ code: Int, _ outcome: SMTPOutcome
    ) async throws {
        var steps = Bench.greeting + [.expect(Bench.envelope), .send(replies)]
        if let final { steps += [.expectEnd("\r\n.\r\n"), .send(final)] }
        let relay = try await ScriptedRelay.start(steps + [.silence])
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let pool = try Bench.pool(relay, on: loop)
        let result = await Bench.send("Subject: x\r\n\r\nhi\r\n", by: pool, on: loop)
        let error = #expect(throws: SMTPError.self) { try result.get() }
        #expect(error?.stage == stage)
        #expect(error?.code == code)
        #expect(error?.outcome == outcome)
        await pool.shutdown(grace: .zero)
        await relay.stop()
    }

    /// Its end had gone out: nobody knows.
    @Test func aConnectionThatIsLostBehindTheEndLeavesItUnknown() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting + [
                .expect(Bench.envelope), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"), .close,
            ])
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let pool = try Bench.pool(relay, on: loop)
        let result = await Bench.send("Subject: x\r\n\r\nhi\r\n", by: pool, on: loop)
        let error = #expect(throws: SMTPError.self) { try result.get() }
        #expect(error?.outcome == .unknown)
        await pool.shutdown(grace: .zero)
        await relay.stop()
    }

    @Test func isToldWhomTheRelayDidNotTakeInThisTransaction() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting + [
                .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n452 4.5.3 too many\r\n354 go\r\n"),
                .expectEnd("\r\n.\r\n"), .send("250 queued\r\n"),
            ] + Bench.quit)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let pool = try Bench.pool(relay, on: loop)
        let receipt = try await Bench.send(
            "Subject: x\r\n\r\nhi\r\n", to: ["b@example.net", "c@example.net"], by: pool, on: loop
        ).get()
        #expect(receipt.accepted.map(\.description) == ["b@example.net"])
        #expect(receipt.remaining.map(\.description) == ["c@example.net"])
        await pool.shutdown(grace: .seconds(5))
        await relay.stop()
    }

    /// Messages that come while one is under way go out behind it, each with its own answer.
    @Test func thoseThatWaitAreChained() async throws {
        let relay = try await ScriptedRelay.start(
            Bench.greeting + [
                // Nothing is chained before it is known that the relay is prompt.
                .expect(Bench.envelope), .send("250 ok\r\n250 ok\r\n354 go\r\n"),
                .expect("Subject: 0\r\n\r\n0\r\n.\r\n"), .send("250 primed\r\n"),
                .expect(Bench.envelope), .send("250 ok\r\n250 ok\r\n354 go\r\n"),
                .expect("Subject: 1\r\n\r\n1\r\n.\r\n" + Bench.envelope),
                .send("250 first\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
                .expect("Subject: 2\r\n\r\n2\r\n.\r\n"), .send("250 second\r\n"),
            ] + Bench.quit)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let pool = try Bench.pool(relay, on: loop)
        #expect(try await Bench.send("Subject: 0\r\n\r\n0\r\n", by: pool, on: loop).get().reply.text == "primed")
        let (answers, answer) = AsyncStream<String>.makeStream()
        try await loop.submit {
            for number in 1...2 {
                let message = try WholeTestMessage("Subject: \(number)\r\n\r\n\(number)\r\n") {
                    answer.yield("\(number): \((try? $0.get().reply.text) ?? "failed")")
                }
                pool.send(message, on: loop)
            }
        }.get()
        var told: [String] = []
        for await text in answers.prefix(2) { told.append(text) }
        #expect(told == ["1: first", "2: second"])
        await pool.shutdown(grace: .seconds(5))
        #expect(relay.connections == 1)
        await relay.stop()
    }
}
