import MailAddress
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import SMTP

/// An envelope behind the content of the message before it, in one write (RFC 2920, section 3.1).
@Suite struct ChainConversationTests {
    private static let replies = "250 2.0.0 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n"

    /// A conversation whose content has just gone out with the next envelope behind it.
    private func chained(byteByByte: Bool = false) throws -> Play {
        var play = try Play.ready(byteByByte: byteByByte)
        _ = try play.open()
        #expect(play.server("250 ok\r\n250 ok\r\n354 go\r\n") == ["opened"])
        let next = try Envelope(from: "c@example.org", to: ["d@example.net"])
        #expect((play.conversation.mayChain(next)) as Bool)
        try play.conversation.finishContent(ByteBuffer(string: "hi\r\n.\r\n"), followedBy: next)
        #expect(play.drain() == ["> hi|.|MAIL FROM:<c@example.org>|RCPT TO:<d@example.net>|DATA|"])
        return play
    }

    @Test(arguments: [false, true]) func oneWriteAndOneReadAMessage(_ byteByByte: Bool) throws {
        var play = try chained(byteByByte: byteByByte)
        #expect(play.server(Self.replies) == ["finished 250", "opened"])
        #expect(play.finish("again\r\n.\r\n") == ["> again|.|"])
        #expect(play.server("250 queued\r\n") == ["finished 250"])
        #expect(play.conversation.state.name == .ready)
    }

    @Test func aRefusedContentIsNotTheNextOnes() throws {
        var play = try chained()
        #expect(
            play.server("554 5.7.1 spam\r\n250 ok\r\n250 ok\r\n354 go\r\n")
                == ["failed refused content 554 not_sent", "opened"])
    }

    @Test func aRefusedEnvelopeIsNotTheFirstOnes() throws {
        var play = try chained()
        #expect(
            play.server("250 queued\r\n250 ok\r\n550 5.1.1 no\r\n503 no recipients\r\n") == [
                "finished 250", "refused refused rcpt 550 not_sent", "> RSET|",
            ])
        #expect(play.server("250 ok\r\n") == ["ready"])
        #expect(play.conversation.state.name == .ready)
    }

    @Test func aServerThatLeavesTakesNeither() throws {
        var play = try chained()
        #expect(
            play.server("421 4.3.2 bye\r\n") == [
                "failed refused content 421 not_sent", "failed connection_lost mail not_sent",
                "> QUIT|", "leave refused content 421 not_sent",
            ])
    }

    /// Wherever the connection is cut, what is known of each message is a fact.
    @Test(arguments: 0...Self.replies.utf8.count) func cutAtEveryByte(_ count: Int) throws {
        var play = try chained()
        let before = play.server(String(decoding: Self.replies.utf8.prefix(count), as: UTF8.self))
        let end = play.closed()
        let firstIsAnswered = count >= "250 2.0.0 queued\r\n".utf8.count
        let secondIsOpen = count == Self.replies.utf8.count
        #expect(before == (firstIsAnswered ? ["finished 250"] : []) + (secondIsOpen ? ["opened"] : []))
        if firstIsAnswered {
            #expect(end.count == 2)
            #expect(end.first?.hasPrefix("failed connection_lost") == true)
            #expect(end.first?.hasSuffix("not_sent") == true)
        } else {
            #expect(
                end == [
                    "failed connection_lost content unknown", "failed connection_lost mail not_sent",
                    "close connection_lost content unknown",
                ])
        }
    }

    @Test func takenBackTheNextIsNotSentHere() throws {
        var play = try chained()
        play.conversation.takeBackChained()
        #expect(play.drain() == [])
        let actions = play.server(Self.replies)
        #expect(actions.first == "finished 250")
        #expect(actions.contains { $0.hasPrefix("close") })
        #expect(!actions.contains("opened"))
    }

    /// Where all recipients have to be accepted, DATA waits for their replies behind a content, too.
    @Test(arguments: [false, true]) func allOrNothingBehindAContent(_ byteByByte: Bool) throws {
        var next = try Envelope(from: "c@example.org", to: ["d@example.net", "e@example.net"])
        next.recipientPolicy = .all
        for (content, first) in [("250 queued", "finished 250"), ("554 spam", "failed refused content 554 not_sent")] {
            for isRefused in [false, true] {
                var play = try Play.ready(byteByByte: byteByByte)
                _ = try play.open()
                _ = play.server("250 ok\r\n250 ok\r\n354 go\r\n")
                #expect((play.conversation.mayChain(next)) as Bool)
                try play.conversation.finishContent(ByteBuffer(string: "hi\r\n.\r\n"), followedBy: next)
                #expect(
                    play.drain() == [
                        "> hi|.|MAIL FROM:<c@example.org>|RCPT TO:<d@example.net>|RCPT TO:<e@example.net>|"
                    ])
                let last = isRefused ? "550 5.1.1 no" : "250 ok"
                #expect(
                    play.server("\(content)\r\n250 ok\r\n250 ok\r\n\(last)\r\n")
                        == [first] + (isRefused ? ["refused refused rcpt 550 not_sent", "> RSET|"] : ["> DATA|"]))
                if isRefused {
                    #expect(play.server("250 ok\r\n") == ["ready"])
                    #expect(play.conversation.state.name == .ready)
                } else {
                    #expect(play.server("354 go\r\n") == ["opened"])
                }
            }
        }
    }

    @Test func notWithoutPipelining() throws {
        var play = try Play.ready(Play.plain)
        _ = try play.open()
        _ = play.server("250 ok\r\n")
        _ = play.server("250 ok\r\n")
        _ = play.server("354 go\r\n")
        #expect(play.conversation.state.name == .content)
        #expect((!play.conversation.mayChain(try Envelope(from: "c@example.org", to: ["d@example.net"]))) as Bool)
    }
}

@Suite(.timeLimit(.minutes(1))) struct ChainPoolTests {
    private static let commands = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
    private let start: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
    ]
    private let envelope: [ScriptedRelay.Step] = [
        .expect(Self.commands), .send("250 ok\r\n250 ok\r\n354 go\r\n"),
    ]
    private let content: [ScriptedRelay.Step] = [.expect(".\r\n"), .send("250 queued\r\n")]

    /// The first message of each pool: nothing is chained before it is known that the server is prompt.
    private var primed: [ScriptedRelay.Step] { start + envelope + content }

    private func primedPool(
        _ relay: ScriptedRelay, _ change: (inout SMTPPoolLimits) -> Void
    ) async throws -> SMTPSessionPool {
        let pool = try pool(relay, change)
        #expect(try await send(pool) == 250)
        return pool
    }

    private func pool(_ relay: ScriptedRelay, _ change: (inout SMTPPoolLimits) -> Void) throws -> SMTPSessionPool {
        var limits = SMTPPoolLimits()
        // How soon a busy machine gets round to each message is not the matter here.
        limits.queueTimeout = .seconds(600)
        change(&limits)
        let identity = try #require(ClientDomain("client.example.org"))
        return SMTPSessionPool(
            SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity), limits: limits,
            on: [MultiThreadedEventLoopGroup.singleton.next()])
    }

    private func open(_ pool: SMTPSessionPool) async throws -> SMTPMessageWriter {
        try await pool.open(Envelope(from: "a@example.org", to: ["b@example.net"]), generatesFields: false)
    }

    private func send(_ pool: SMTPSessionPool) async throws -> Int {
        try await open(pool).close().code
    }

    private func waitUntilOneWaits(_ pool: SMTPSessionPool) async throws {
        while await pool.figures.waiting == 0 { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func aMessageThatWaitsGoesOutBehindTheOneBefore() async throws {
        let relay = try await ScriptedRelay.start(primed + envelope + content + envelope + content)
        let pool = try await primedPool(relay) { $0.sessions = 1 }
        let first = try await open(pool)
        async let second = send(pool)
        try await waitUntilOneWaits(pool)
        #expect(try await first.close().code == 250)
        #expect(try await second == 250)
        #expect(relay.reads.first?.contains(".\r\n" + Self.commands) == true)
        #expect(relay.connections == 1)
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// A server that takes the envelope behind a content amiss gets it alone, and no other behind a content.
    @Test(arguments: ["503 5.5.1 sequence\r\n", "554 synchronization error\r\n"])
    func aServerThatMishandlesItGetsPlainTransactions(_ refusal: String) async throws {
        let refused: [ScriptedRelay.Step] = [.expect(Self.commands), .send(refusal + refusal + refusal)]
        let relay = try await ScriptedRelay.start(
            primed + envelope + content + refused + envelope + [.expect(".\r\n")]
                + [.pause(.milliseconds(50)), .send("250 queued\r\n")] + envelope + content)
        let pool = try await primedPool(relay) { $0.sessions = 1 }
        let first = try await open(pool)
        async let second = open(pool).close().code
        try await waitUntilOneWaits(pool)
        async let third = send(pool)
        while await pool.figures.waiting < 2 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try await first.close().code == 250)
        #expect(try await second == 250)
        #expect(try await third == 250)
        #expect(relay.reads.first?.filter { $0 == ".\r\n" + Self.commands }.count == 1)
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// A message does not wait long for the reply to another one's content.
    @Test func behindASlowReplyItIsSentOnAnotherSession() async throws {
        let relay = try await ScriptedRelay.start(
            primed + envelope + [.expect(".\r\n"), .silence], start + envelope + content + envelope + content)
        let pool = try await primedPool(relay) {
            $0.sessions = 2
            $0.chainPatience = .milliseconds(500)
        }
        let unanswered = Task {
            let slow = try await open(pool)
            // Both sessions are taken, and a third message waits.
            while true {
                let figures = await pool.figures
                if figures.sessions == 2, figures.waiting > 0 { break }
                try await Task.sleep(for: .milliseconds(2))
            }
            return try await slow.close().code
        }
        // Behind the message that came first.
        while relay.reads.first?.count(where: { $0 == Self.commands }) != 2 {
            try await Task.sleep(for: .milliseconds(2))
        }
        let other = try await open(pool)
        async let waiting = send(pool)
        while relay.reads.first?.contains(".\r\n" + Self.commands) != true {
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(try await other.close().code == 250)
        #expect(try await waiting == 250)
        #expect(relay.complaints == [])
        unanswered.cancel()
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// A recipient that is refused with 554 says nothing of how the envelope was sent: chaining goes on.
    @Test func aRefusedRecipientDoesNotEndChaining() async throws {
        let chainedAndRefused: [ScriptedRelay.Step] = [
            .expect(".\r\n" + Self.commands), .send("250 queued\r\n250 ok\r\n554 5.7.1 denied\r\n554 nobody\r\n"),
            .expect("RSET\r\n"), .send("250 ok\r\n"),
        ]
        let relay = try await ScriptedRelay.start(
            primed + envelope + chainedAndRefused + envelope + chainedAndRefused)
        let pool = try await primedPool(relay) { $0.sessions = 1 }
        for _ in 0..<2 {
            let first = try await open(pool)
            async let second = send(pool)
            try await waitUntilOneWaits(pool)
            #expect(try await first.close().code == 250)
            do {
                _ = try await second
                Issue.record("the recipient is refused")
            } catch let error as SMTPError {
                #expect(error.code == 554)
                #expect(error.stage == .rcpt)
            }
        }
        #expect(await pool.figures.counts.chained == 2)
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// A chained message that all recipients have to take is not sent where one does not, and its session goes on.
    @Test func allOrNothingBehindAContent() async throws {
        let recipients = "RCPT TO:<c@example.net>\r\nRCPT TO:<d@example.net>\r\n"
        let chained = ".\r\nMAIL FROM:<a@example.org>\r\n" + recipients
        let relay = try await ScriptedRelay.start(
            primed + envelope + [
                .expect(chained), .send("250 queued\r\n250 ok\r\n250 ok\r\n550 5.1.1 no\r\n"),
                .expect("RSET\r\n"), .send("250 ok\r\n"),
            ] + envelope + [
                .expect(chained), .send("250 queued\r\n250 ok\r\n250 ok\r\n250 ok\r\n"),
                .expect("DATA\r\n"), .send("354 go\r\n"),
            ] + content)
        let pool = try await primedPool(relay) { $0.sessions = 1 }
        for isRefused in [true, false] {
            let first = try await open(pool)
            let second = Task {
                var envelope = try Envelope(from: "a@example.org", to: ["c@example.net", "d@example.net"])
                envelope.recipientPolicy = .all
                return try await pool.open(envelope, generatesFields: false).close().code
            }
            try await waitUntilOneWaits(pool)
            #expect(try await first.close().code == 250)
            if isRefused {
                let error = await #expect(throws: SMTPError.self) { _ = try await second.value }
                #expect(error?.code == 550)
                #expect(error?.stage == .rcpt)
                #expect(error?.rejected.map(\.address.description) == ["d@example.net"])
            } else {
                #expect(try await second.value == 250)
            }
        }
        #expect(await pool.figures.counts.chained == 2)
        #expect(relay.connections == 1)
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// A lost session makes the first unknown. The one behind it was not sent there, and is on another.
    @Test func theSecondOfALostSessionIsSent() async throws {
        let relay = try await ScriptedRelay.start(
            primed + envelope + [.expect(".\r\n" + Self.commands), .close], start + envelope + content)
        let pool = try await primedPool(relay) { $0.sessions = 1 }
        let first = try await open(pool)
        async let second = send(pool)
        try await waitUntilOneWaits(pool)
        do {
            _ = try await first.close()
            Issue.record("the first cannot be known")
        } catch {
            #expect(error.outcome == .unknown)
        }
        #expect(try await second == 250)
        #expect(relay.connections == 2)
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// While a server answers at once, messages wait for the busy sessions; when it falls silent, others are used.
    @Test func aPromptServerThatFallsSilentHoldsUpNobody() async throws {
        let relay = try await ScriptedRelay.start(
            start + envelope + content + envelope + [.silence], start + envelope + content)
        let pool = try pool(relay) {
            $0.sessions = 2
            $0.promptSessions = 1
            $0.promptReply = .seconds(5)
        }
        #expect(try await send(pool) == 250)
        let open = try await open(pool)
        #expect(try await send(pool) == 250)
        #expect(relay.connections == 2)
        _ = consume open
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }
}

@Suite struct PromptnessTests {
    @Test func theMeanDecides() {
        var promptness = Promptness(bound: .milliseconds(2), chainBound: .milliseconds(250))
        #expect(!promptness.isPrompt)
        promptness.took(.milliseconds(1))
        #expect(promptness.isPrompt)
        promptness.took(.milliseconds(100))
        #expect(!promptness.isPrompt)
        for _ in 0..<40 { promptness.took(.milliseconds(1)) }
        #expect(promptness.isPrompt)
        promptness.forget()
        #expect(!promptness.isPrompt)
    }
}
