import TestSupport
import Testing

@testable import Gateway

/// Messages whose recipients the relay takes in several transactions only.
@Suite(.timeLimit(.minutes(1))) struct SplitTests {
    private static let body =
        #"{"from":"a@example.org","to":["b@example.net","c@example.net","d@example.net"],"text":"x"}"#

    private static func setUp(_ extensions: String) -> [ScriptedRelay.Step] {
        [.send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send("250-relay\r\n" + extensions)]
    }

    @Test func eachRecipientGetsItOnce() async throws {
        let relay = Self.setUp("250-PIPELINING\r\n250 LIMITS RCPTMAX=2\r\n")
        let first: [ScriptedRelay.Step] = [
            .expect(
                "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n452 4.5.3 too many\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"),
            .send("250 2.0.0 first\r\n"),
        ]
        let second: [ScriptedRelay.Step] = [
            .expect(
                "MAIL FROM:<a@example.org>\r\nRCPT TO:<c@example.net>\r\nRCPT TO:<d@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n550 5.1.1 nobody\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"),
            .send("250 2.0.0 second\r\n"),
        ]
        let bench = try await Bench.start([:], relay + first + second)
        let answer = try await bench.post(Self.body)
        #expect(answer.status == 200)
        #expect(answer.json["status"] as? String == "partially_accepted")
        #expect(answer.json["text"] as? String == "first")
        #expect(answer.json["accepted"] as? [String] == ["b@example.net", "c@example.net"])
        let rejected = try #require(answer.json["rejected"] as? [[String: Any]])
        #expect(rejected.map { $0["address"] as? String } == ["d@example.net"])
        #expect(rejected.first?["code"] as? Int == 550)
        #expect(bench.relay.complaints == [])
        await bench.stop()
    }

    /// A further transaction that fails is told for its recipients, and no recipient is lost or tried for ever.
    @Test func aFurtherTransactionThatFails() async throws {
        for (replies, code, outcome) in [("452 4.3.1 full\r\n", 452, "not_sent"), ("", nil as Int?, "not_sent")] {
            let first: [ScriptedRelay.Step] = [
                .expectEnd("DATA\r\n"),
                .send("250 ok\r\n250 ok\r\n250 ok\r\n452 4.5.3 too many\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"),
                .send("250 2.0.0 first\r\n"), .expectEnd("DATA\r\n"),
            ]
            let end: [ScriptedRelay.Step] =
                replies.isEmpty ? [.close] : [.send(replies + "503 no\r\n503 no\r\n"), .expectEnd("QUIT\r\n"), .close]
            // A used session that is refused at MAIL is replaced, and the fresh one says the same, or ends.
            let again: [ScriptedRelay.Step] =
                replies.isEmpty
                ? [.send("220 relay\r\n"), .close]
                : Self.setUp("250 PIPELINING\r\n")
                    + [.expectEnd("DATA\r\n"), .send(replies + "503 no\r\n503 no\r\n"), .expectEnd("QUIT\r\n"), .close]
            let bench = try await Bench.start(
                [:], Self.setUp("250 PIPELINING\r\n") + first + end, again)
            let answer = try await bench.post(Self.body)
            #expect(answer.status == 200)
            #expect(answer.json["accepted"] as? [String] == ["b@example.net", "c@example.net"])
            let rejected = try #require(answer.json["rejected"] as? [[String: Any]])
            #expect(rejected.map { $0["address"] as? String } == ["d@example.net"])
            #expect(rejected.first?["code"] as? Int == code)
            #expect(rejected.first?["retryable"] as? Bool == true)
            #expect(rejected.first?["outcome"] as? String == outcome)
            await bench.stop()
        }
    }

    /// Where those who were named are refused, the others are still asked.
    @Test func thoseWhoWereNotNamedAreAsked() async throws {
        let first: [ScriptedRelay.Step] = [
            .expectEnd("DATA\r\n"), .send("250 ok\r\n550 5.1.1 nobody\r\n550 5.1.1 nobody\r\n554 no\r\n"),
            .expectEnd("RSET\r\n"), .send("250 ok\r\n"),
        ]
        let second: [ScriptedRelay.Step] = [
            .expect("MAIL FROM:<a@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"), .send("250 2.0.0 second\r\n"),
        ]
        let refused: [ScriptedRelay.Step] = [
            .expectEnd("DATA\r\n"), .send("250 ok\r\n450 4.2.0 later\r\n503 no\r\n"), .expectEnd("RSET\r\n"),
            .send("250 ok\r\n"),
        ]
        let setUp = Self.setUp("250-PIPELINING\r\n250 LIMITS RCPTMAX=2\r\n")
        var bench = try await Bench.start([:], setUp + first + second)
        var answer = try await bench.post(Self.body)
        #expect(answer.status == 200)
        #expect(answer.json["accepted"] as? [String] == ["d@example.net"])
        var rejected = try #require(answer.json["rejected"] as? [[String: Any]])
        #expect(rejected.compactMap { $0["address"] as? String } == ["b@example.net", "c@example.net"])
        await bench.stop()

        // With nobody accepted at all, everybody is told of.
        bench = try await Bench.start([:], setUp + first + refused)
        answer = try await bench.post(Self.body)
        #expect(answer.status == 503)
        rejected = try #require(answer.json["rejected"] as? [[String: Any]])
        #expect(rejected.compactMap { $0["code"] as? Int } == [550, 550, 450])
        await bench.stop()
    }

    /// All or none cannot be had in two transactions.
    @Test func allOrNoneIsNotSplit() async throws {
        let bench = try await Bench.start([:], Self.setUp("250-PIPELINING\r\n250 LIMITS RCPTMAX=2\r\n"))
        let answer = try await bench.post(Self.body.dropLast() + #","recipient_policy":"all"}"#)
        #expect(answer.status == 422)
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(answer.json["stage"] as? String == "rcpt")
        await bench.stop()
    }

    /// The same two of a message that is sent while it arrives: those whom the first transaction did not come to are still
    /// asked if it was refused as a whole, and get what was kept of the content if it was not.
    @Test(arguments: [false, true]) func aStreamedMessageIsSplitToo(_ isFirstRefused: Bool) async throws {
        let setUp = Self.setUp("250-PIPELINING\r\n250 LIMITS RCPTMAX=2\r\n")
        let refused: [ScriptedRelay.Step] = [
            .expect(
                "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n550 5.1.1 nobody\r\n550 5.1.1 nobody\r\n554 no\r\n"), .expectEnd("RSET\r\n"),
            .send("250 ok\r\n"),
        ]
        let accepted: [ScriptedRelay.Step] = [
            .expect(
                "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\nHow?\r\n.\r\n"),
            .send("250 2.0.0 first\r\n"),
        ]
        let last: [ScriptedRelay.Step] = [
            .expect("MAIL FROM:<a@example.org>\r\nRCPT TO:<d@example.net>\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\nHow?\r\n.\r\n"), .send("250 2.0.0 last\r\n"),
        ]
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "1"], setUp + (isFirstRefused ? refused : accepted) + last)
        let answer = try await bench.postForm(
            Array("From: a@example.org\r\n\r\nHow?\r\n".utf8), type: "message/rfc822",
            path: "/messages?to=b@example.net&to=c@example.net&to=d@example.net")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["text"] as? String == (isFirstRefused ? "last" : "first"))
        #expect(
            answer.json["accepted"] as? [String]
                == (isFirstRefused ? [] : ["b@example.net", "c@example.net"]) + ["d@example.net"])
        let rejected = answer.json["rejected"] as? [[String: Any]]
        #expect(
            rejected?.compactMap { $0["address"] as? String }
                == (isFirstRefused ? ["b@example.net", "c@example.net"] : []))
        #expect(bench.relay.complaints == [])
        await bench.stop()
    }
}
