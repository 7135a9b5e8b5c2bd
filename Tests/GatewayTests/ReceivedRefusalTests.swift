import Foundation
import TestSupport
import Testing

@testable import Gateway

/// A reply that was received decides, whatever the connection does afterwards.
@Suite(.timeLimit(.minutes(1))) struct ReceivedRefusalTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the relay says to MAIL, RCPT and DATA, which come together, and does then.
        let steps: [ScriptedRelay.Step]
        let status: Int
        let code: Int
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "MAIL 550, closed", steps: [.send("550 5.7.1 sender blocked\r\n"), .close], status: 422, code: 550),
        Row(
            name: "MAIL 550, silent", steps: [.send("550 5.7.1 sender blocked\r\n"), .silence], status: 422, code: 550),
        Row(
            name: "MAIL 550, RCPT 421", steps: [.send("550 5.7.1 no\r\n421 4.3.2 bye\r\n"), .close], status: 422,
            code: 550),
        Row(name: "MAIL 450, closed", steps: [.send("450 4.7.1 later\r\n"), .close], status: 503, code: 450),
        Row(
            name: "RCPT 550, closed", steps: [.send("250 ok\r\n550 5.1.1 nobody\r\n"), .close], status: 422, code: 550),
        Row(
            name: "RCPT 550, silent", steps: [.send("250 ok\r\n550 5.1.1 nobody\r\n"), .silence], status: 422, code: 550
        ),
        Row(name: "RCPT 450, closed", steps: [.send("250 ok\r\n450 4.2.1 later\r\n"), .close], status: 503, code: 450),
        Row(
            name: "RCPT 550, DATA 421", steps: [.send("250 ok\r\n550 5.1.1 nobody\r\n421 bye\r\n"), .close],
            status: 422,
            code: 550),
        Row(
            name: "RCPT 550, RSET unanswered",
            steps: [.send("250 ok\r\n550 5.1.1 nobody\r\n554 none\r\n"), .expect("RSET\r\n"), .silence], status: 422,
            code: 550),
    ]

    /// The client learns of it, another relay is not asked, and no circuit breaker opens.
    @Test(arguments: rows) func theReplyDecides(_ row: Row) async throws {
        let backup = try await ScriptedRelay.start(greeting + envelope + taken)
        let bench = try await Bench.start(
            [
                "POSTERN_RELAY_REPLY_TIMEOUT": "20s", "POSTERN_RELAY_CONNECTIONS": "8",
                "POSTERN_RELAY_BACKUP_URL": "smtp://127.0.0.1:\(backup.port)?tls=none",
                // A message that was refused for now may go to another relay; one that was refused for good may not.
                "POSTERN_ROUTES": row.status == 422 ? "*=default>backup" : "*=default",
            ], greeting + [.expectEnd("DATA\r\n")] + row.steps)
        for _ in 0..<6 {
            let answer = try await bench.post(simple)
            #expect(answer.status == row.status, "\(answer.text)")
            #expect(answer.json["code"] as? Int == row.code)
            #expect(answer.json["outcome"] as? String == "not_sent")
            #expect(answer.json["retryable"] as? Bool == (row.status == 503))
        }
        #expect(backup.connections == 0)
        await bench.stop()
        await backup.stop()
    }

    // MARK: Sessions of which the relay has had enough

    private static func message(_ final: String = "250 2.0.0 Ok\r\n") -> [ScriptedRelay.Step] {
        envelope + [.expectEnd("\r\n.\r\n"), .send(final)]
    }

    /// What a relay says in a used session that it would not say in a new one: the message goes out on a fresh session.
    @Test(arguments: [
        [ScriptedRelay.Step.expectEnd("DATA\r\n"), .send("452 4.4.5 too many messages\r\n503 no\r\n503 no\r\n")],
        [.expectEnd("DATA\r\n"), .send("503 5.5.1 nested MAIL\r\n503 no\r\n503 no\r\n")],
        [.expectEnd("DATA\r\n"), .send("530 5.7.0 Authentication required\r\n503 no\r\n503 no\r\n")],
        [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n451 4.4.5 too many messages\r\n")],
        [.expectEnd("DATA\r\n"), .send("421 4.7.0 enough\r\n"), .close],
        [.expectEnd("DATA\r\n"), .close],
    ]) func aWornOutSessionIsReplaced(_ end: [ScriptedRelay.Step]) async throws {
        let session = greeting + Self.message() + Self.message() + end + [.expectEnd("QUIT\r\n")]
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "2"], scripts: Array(repeating: session, count: 12))
        for _ in 0..<9 { #expect(try await bench.post(simple).status == 200) }
        #expect(bench.relay.connections >= 5)
        await bench.stop()
    }

    /// In a fresh session the reply is the message's own.
    @Test func theFirstMessageOfASessionGetsTheReply() async throws {
        let bench = try await Bench.start(
            [:],
            greeting + [
                .expectEnd("DATA\r\n"), .send("452 4.3.1 full\r\n503 no\r\n503 no\r\n"), .expectEnd("QUIT\r\n"),
            ])
        let answer = try await bench.post(simple)
        #expect(answer.status == 503)
        #expect(answer.json["code"] as? Int == 452)
        #expect(bench.relay.connections == 1)
        await bench.stop()
    }

    @Test func aSessionTakesNoMoreMessagesThanTheSettingAllows() async throws {
        let bench = try await Bench.start(
            ["POSTERN_RELAY_SESSION_MESSAGES": "2"],
            scripts: Array(repeating: greeting + Self.message() + Self.message() + [.expectEnd("QUIT\r\n")], count: 4))
        for _ in 0..<6 { #expect(try await bench.post(simple).status == 200) }
        #expect(bench.relay.connections == 3)
        #expect(bench.relay.complaints == [])
        await bench.stop()
    }

    /// One command at a time, though the relay offers PIPELINING.
    @Test func withoutPipeliningCommandsWaitForTheirReplies() async throws {
        let bench = try await Bench.start(
            ["POSTERN_RELAY_PIPELINING": "false"],
            greeting + [
                .expect("MAIL FROM:<ann@example.org>\r\n"), .send("250 ok\r\n"),
                .expect("RCPT TO:<bob@example.net>\r\n"),
                .send("250 ok\r\n"), .expect("DATA\r\n"), .send("354 go\r\n"),
            ] + taken)
        #expect(try await bench.post(simple).status == 200)
        #expect(bench.relay.complaints == [])
        await bench.stop()
    }
}
