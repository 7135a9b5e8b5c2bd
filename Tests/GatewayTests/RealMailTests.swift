import Foundation
import TestSupport
import Testing

@testable import Gateway

/// Messages as real systems write them, taken as `message/rfc822`.
@Suite(.timeLimit(.minutes(2))) struct RealMailTests {
    private static func relay(_ keywords: String...) -> [ScriptedRelay.Step] {
        let lines = ["relay", "PIPELINING"] + keywords
        let reply = lines.enumerated().map { "250\($0 == lines.count - 1 ? " " : "-")\($1)\r\n" }.joined()
        return [.send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send(reply)]
    }

    // MARK: Bounces

    /// The query says the whole envelope, and the author is no matter of it.
    @Test(arguments: [
        "MAILER-DAEMON (Mail Delivery System)", "<>", "Mail Delivery Subsystem <MAILER-DAEMON>", "", "postmaster",
    ])
    func aBounceIsSent(author: String) async throws {
        let text = "From: \(author)\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nx"
        let bench = try await Bench.start(
            [:],
            Self.relay() + [.expectEnd("MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")]
                + [.send("250 ok\r\n250 ok\r\n354 go\r\n")] + taken)
        for query in ["?from=&to=bob@example.net&dry_run=true", "?from=&to=bob@example.net"] {
            let answer = try await bench.postRaw(text, query: query)
            #expect(answer.status == 200, "\(answer.text)")
            #expect((answer.json["id"] as? String)?.hasSuffix("@gate.example.org>") == true)
        }
        #expect(bench.content().contains("From:\(author.isEmpty ? "" : " ")\(author)"))
        await bench.stop()
    }

    // MARK: What is counted and shown is what is sent

    @Test func theSizeCountsLineEndsAsTheyAreSent() async throws {
        let text = "From: a@example.org\nTo: b@example.net\nDate: x\nMessage-ID: <1@example.org>\n\n"
        for (message, ends) in [
            (text + String(repeating: "x\n", count: 343), 0), (text + "x\ry\nz\r\n", 0), (text + "without an end", 2),
            (text.replacing("\n", with: "\r\n") + "x\r\n", 0), (text + "x\r", 0),
        ] {
            let lone = message.replacing("\r\n", with: "").utf8.count { $0 == 13 || $0 == 10 }
            let size = message.utf8.count + lone + ends
            let bench = try await Bench.start(
                [:],
                Self.relay("SIZE") + [
                    .expect("MAIL FROM:<a@example.org> SIZE=\(size)\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
                    .send("250 ok\r\n250 ok\r\n354 go\r\n"),
                ] + taken)
            #expect(try await bench.postRaw(message).status == 200)
            #expect(bench.relay.complaints == [])
            #expect(bench.content().utf8.count - 3 == size)
            await bench.stop()
        }
        let small = try await Bench.start([:], Self.relay("SIZE 1000"), Self.relay("SIZE 1000"))
        for headers in ["", "Idempotency-Key: k\r\n"] {
            let answer = try await small.postRaw(text + String(repeating: "x\n", count: 343), headers: headers)
            #expect(answer.status == 413)
        }
        #expect(small.relay.received.allSatisfy { !$0.contains("MAIL") })
        await small.stop()
    }

    @Test(arguments: [#""text":"a""#, #""text":"a\r\n""#, #""html":"<p>a""#, #""text":"ü\nb","html":"<p>ü</p>""#])
    func theSizeOfAComposedMessageIsThatOnTheWire(parts: String) async throws {
        let bench = try await Bench.start(
            [:],
            Self.relay("SIZE", "8BITMIME") + [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n")] + taken)
        #expect(try await bench.post(#"{"from":"a@example.org","to":"b@example.net",\#(parts)}"#).status == 200)
        #expect(bench.relay.received.joined().contains(" SIZE=\(bench.content().utf8.count - 3)"))
        await bench.stop()
    }

    @Test func aDryRunShowsWhatIsSent() async throws {
        let text = "From: a@example.org\nTo: b@example.net\rDate: x\nMessage-ID: <1@example.org>\n\none\rtwo\n\rthree"
        let bench = try await Bench.start([:], Self.relay("8BITMIME") + envelope + taken + envelope + taken)
        let shown = try await bench.postRaw(text, query: "?dry_run=true").json["message"] as? String
        #expect(try await bench.postRaw(text).status == 200)
        #expect(bench.content() == (shown ?? "") + ".\r\n")
        #expect(shown?.hasSuffix("\r\n\r\none\r\ntwo\r\n\r\nthree\r\n") == true)
        let latin = Array(text.utf8) + [0xFC, 0xDF]
        let answer = try await bench.postRaw(latin, query: "?dry_run=true")
        #expect(answer.json["message"] == nil)
        let base64 = try #require(answer.json["message_base64"] as? String)
        #expect(Data(base64Encoded: base64)?.suffix(9) == Data(Array("three".utf8) + [0xFC, 0xDF, 13, 10]))
        let json = try await bench.post(
            #"{"from":"a@example.org","to":"b@example.net","text":"a\r\nb"}"#, path: "/messages?dry_run=true")
        #expect((json.json["message"] as? String)?.hasSuffix("\r\n\r\na\r\nb\r\n") == true)
        await bench.stop()
    }

    // MARK: Oddities

    @Test(arguments: [
        ("", "empty"), ("\r\n", "line 1 is empty"), ("\nFrom: a@example.org\n\nx", "line 1 is empty"),
        ("\u{FEFF}From: a@example.org\n\nx", "byte order mark"), (" \nFrom: a@example.org\n\nx", "line 1"),
    ])
    func whatIsNoMessageIsMalformed(text: String, reason: String) async throws {
        let bench = try await Bench.start([:], [.silence])
        for query in ["?from=a@example.org&to=b@example.net", "?from=a@example.org&to=b@example.net&dry_run=true"] {
            let answer = try await bench.postRaw(text, query: query)
            #expect(answer.status == 400)
            #expect((answer.json["detail"] as? String)?.contains(reason) == true, "\(answer.text)")
        }
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    /// Octets that are not UTF-8 pass in the header section as they do in the body.
    @Test func otherCharsetsInTheHeaderSectionNeedEightBit() async throws {
        let text =
            Array("From: J".utf8) + [0xF6] + Array("rn <a@example.org>\r\nTo: b@example.net\r\nSubject: ".utf8)
            + [0xE4, 0xFC] + Array("\r\nDate: x\r\nMessage-ID: <1@example.org>\r\n\r\nx\r\n".utf8)
        let large = text + Array(String(repeating: "x", count: 100_000).utf8) + [13, 10]
        for (message, headers) in [(text, ""), (text, "Idempotency-Key: k\r\n"), (large, "")] {
            let bench = try await Bench.start(
                [:],
                Self.relay("8BITMIME", "SMTPUTF8") + [
                    .expect("MAIL FROM:<a@example.org> BODY=8BITMIME\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
                    .send("250 ok\r\n250 ok\r\n354 go\r\n"),
                ] + taken)
            #expect(try await bench.postRaw(message, headers: headers).status == 200)
            #expect(bench.relay.complaints == [])
            await bench.stop()
            let lacking = try await Bench.start([:], Self.relay("SMTPUTF8") + envelope + [.silence])
            let refused = try await lacking.postRaw(message, headers: headers)
            #expect(refused.status == 422)
            #expect((refused.json["detail"] as? String)?.contains("8BITMIME") == true, "\(refused.text)")
            await lacking.stop()
        }
    }

    @Test func aMessageThatWasResentNeedsItsOwnRecipients() async throws {
        let bench = try await Bench.start([:], [.silence])
        let answer = try await bench.postRaw(
            "Resent-From: a@example.org\r\nFrom: b@example.org\r\nTo: c@example.net\r\n\r\n", query: "?dry_run=true")
        #expect(answer.status == 422)
        #expect(answer.text.contains("Resent-To, Resent-Cc or Resent-Bcc in the message"))
        await bench.stop()
    }

    // MARK: A message in a message

    @Test func anAttachedMessageIsDeclaredAsItIs() async throws {
        func json(_ content: String, _ members: String) -> String {
            let base64 = Data(content.utf8).base64EncodedString()
            return
                #"{"from":"a@example.org","to":"b@example.net","text":"x","attachments":[{"content":"\#(base64)",\#(members)}]}"#
        }
        let bench = try await Bench.start(
            [:],
            Self.relay("8BITMIME") + [
                .expect("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
                .send("250 ok\r\n250 ok\r\n354 go\r\n"),
            ] + taken + [
                .expect("MAIL FROM:<a@example.org> BODY=8BITMIME\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
                .send("250 ok\r\n250 ok\r\n354 go\r\n"),
            ] + taken)
        #expect(try await bench.post(json("A: b\n\nx\n", #""content_type":"message/rfc822""#)).status == 200)
        #expect(try await bench.post(json("A: b\n\nGrüße\n", #""filename":"a.EML""#)).status == 200)
        #expect(bench.relay.complaints == [])
        #expect(bench.content().contains("message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n"))
        await bench.stop()
        let lacking = try await Bench.start([:], Self.relay())
        let refused = try await lacking.post(json("A: b\n\nGrüße\n", #""content_type":"message/rfc822""#))
        #expect(refused.status == 422)
        #expect((refused.json["detail"] as? String)?.contains("8BITMIME") == true)
        let null = try await lacking.post(json("A: b\n\n\0", #""content_type":"message/rfc822""#))
        #expect(null.pointers == ["/attachments/0/content"])
        #expect(null.text.contains("NUL"))
        await lacking.stop()
    }
}
