import Foundation
import TestSupport
import Testing

@testable import Gateway

extension Bench {
    /// Posts a raw message, with its length or in chunks of a size.
    func postRaw(
        _ message: [UInt8], query: String = "", headers: String = "", chunk: Int? = nil
    ) async throws -> HTTPAnswer {
        let connection = try RawConnection(port: gateway.address.port)
        let head = "POST /messages\(query) HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\n\(headers)"
        if let chunk {
            try connection.send(head + "Transfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: message.count, by: chunk) {
                let piece = message[start..<min(start + chunk, message.count)]
                try await connection.sendAll(
                    Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
            }
            try connection.send("0\r\n\r\n")
        } else {
            try connection.send(head + "Content-Length: \(message.count)\r\n\r\n")
            try await connection.sendAll(message)
        }
        return try #require(await connection.readAnswer())
    }

    func postRaw(_ message: String, query: String = "", headers: String = "") async throws -> HTTPAnswer {
        try await postRaw(Array(message.utf8), query: query, headers: headers)
    }

    /// The content that a connection of the relay got, without what stands before it.
    func content(_ connection: Int = 0) -> String {
        let received = relay.received
        guard connection < received.count, let start = received[connection].range(of: "DATA\r\n") else { return "" }
        return String(received[connection][start.upperBound...])
    }
}

private func greeting(offering keywords: String...) -> [ScriptedRelay.Step] {
    let lines = ["relay", "PIPELINING"] + keywords
    let reply = lines.enumerated().map { "250\($0 == lines.count - 1 ? " " : "-")\($1)\r\n" }.joined()
    return [.send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send(reply)]
}

private let whole =
    "Date: Tue, 1 Jul 2025 08:30:00 +0000\r\nFrom: Ann <ann@example.org>\r\nTo: bob@example.net\r\n"
    + "Subject: Hi\r\nMessage-ID: <1@example.org>\r\n\r\nHow are you?\r\n"

@Suite(.timeLimit(.minutes(2))) struct RawMessageTests {
    /// The envelope comes from the header section, and the message goes out as it came.
    @Test(arguments: [nil, 1, 7, 100]) func asItCame(_ chunk: Int?) async throws {
        let bench = try await Bench.start(
            [:],
            greeting(offering: "SIZE", "8BITMIME") + [
                .expect(
                    "MAIL FROM:<ann@example.org> SIZE=\(whole.utf8.count)\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"),
                .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expect(whole + ".\r\n"), .send("250 2.0.0 Ok\r\n"),
            ])
        let answer = try await bench.postRaw(Array(whole.utf8), chunk: chunk)
        #expect(bench.relay.complaints == [])
        #expect(answer.status == 200)
        #expect(answer.json["id"] as? String == "<1@example.org>")
        #expect(answer.json["accepted"] as? [String] == ["bob@example.net"])
        await bench.stop()
    }

    @Test func theQuerySaysTheEnvelope() async throws {
        let bench = try await Bench.start(
            [:],
            greeting(offering: "PIPELINING") + [
                .expect(
                    "MAIL FROM:<bounces@example.org>\r\nRCPT TO:<x+y@example.net>\r\nRCPT TO:<z@example.net>\r\nDATA\r\n"
                ),
                .send("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
            ] + taken)
        let answer = try await bench.postRaw(
            whole, query: "?from=bounces%40example.org&to=x%2By@example.net&to=Z%20%3Cz@example.net%3E&to=z@example.net"
        )
        #expect(bench.relay.complaints == [])
        #expect(answer.status == 200)
        await bench.stop()
    }

    @Test func theNullReversePath() async throws {
        let bench = try await Bench.start(
            [:],
            greeting + [.expectEnd("MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n")]
                + [.send("250 ok\r\n250 ok\r\n354 go\r\n")] + taken)
        #expect(try await bench.postRaw(whole, query: "?from=").status == 200)
        await bench.stop()
    }

    @Test func blindCopiesAndWhatIsMissing() async throws {
        let bench = try await Bench.start(
            [:],
            greeting + [
                .expectEnd("RCPT TO:<bob@example.net>\r\nRCPT TO:<carol@example.net>\r\nDATA\r\n"),
                .send("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
            ] + taken)
        let answer = try await bench.postRaw(
            "To: bob@example.net\nBcc: Carol\n <carol@example.net>\nSubject: Hi\n\n.hidden\nthe end",
            query: "?from=ann@example.org")
        #expect(answer.status == 200)
        let id = try #require(answer.json["id"] as? String)
        #expect(id.hasSuffix("@example.org>"))
        let content = bench.content()
        #expect(!content.lowercased().contains("carol"))
        #expect(
            content.hasSuffix("\r\nFrom: <ann@example.org>\r\nMessage-ID: \(id)\r\n\r\n..hidden\r\nthe end\r\n.\r\n"))
        #expect(content.hasPrefix("To: bob@example.net\r\nSubject: Hi\r\nDate: "))
        await bench.stop()
    }

    // MARK: What is refused

    @Test(arguments: [
        ("Subject: Hi\r\n\r\n", "", 422, ["/headers/From", "/envelope/to"]),
        (whole, "?from=x&to=y&to=b@example.net", 422, ["/envelope/from", "/envelope/to/0"]),
        (whole, "?to=a+b@example.net", 422, ["/envelope/to/0"]),
        (whole, "?recipient_policy=some&require_tls=perhaps", 422, ["/recipient_policy", "/require_tls"]),
        ("From: a@example.org\r\nTo: nobody\r\n\r\n", "", 422, ["/headers/To"]),
        ("From: a@example.org, b@example.org\r\nTo: c@example.net\r\n\r\n", "", 422, ["/headers/From"]),
        ("Hi Bob,\r\n\r\nhow are you?", "?from=a@example.org&to=b@example.net", 400, []),
        (whole + "\u{0}", "", 400, []),
        (whole, "?froom=a@example.org", 422, [""]),
        (whole, "?from=a@example.org&from=b@example.org", 422, [""]),
    ]) func refused(_ message: String, _ query: String, _ status: Int, _ pointers: [String]) async throws {
        let bench = try await Bench.start([:], [.silence])
        for dryRun in [false, true] {
            let query = query + (dryRun ? (query.isEmpty ? "?" : "&") + "dry_run=true" : "")
            let answer = try await bench.postRaw(message, query: query)
            #expect(answer.status == status)
            #expect(answer.pointers == pointers, "\(answer.text)")
            #expect(answer.head.contains("application/problem+json"))
        }
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func theRelaysLimits() async throws {
        let bench = try await Bench.start([:], greeting(offering: "SIZE 1000"))
        let large = whole + String(repeating: "x", count: 200_000)
        let tooLarge = try await bench.postRaw(large)
        #expect(tooLarge.status == 413)
        #expect(tooLarge.json["outcome"] as? String == "not_sent")
        // UTF-8 in the header section needs SMTPUTF8, octets above 127 in a small message 8BITMIME.
        let header = try await bench.postRaw("Subject: ü\r\n" + whole)
        #expect(header.status == 422)
        #expect((header.json["detail"] as? String)?.contains("SMTPUTF8") == true)
        let body = try await bench.postRaw(whole + "ü\r\n")
        #expect(body.status == 422)
        #expect((body.json["detail"] as? String)?.contains("8BITMIME") == true)
        #expect(bench.relay.received.allSatisfy { !$0.contains("MAIL") })
        await bench.stop()
    }

    @Test func eightBitContent() async throws {
        let large = whole + String(repeating: "x", count: 200_000) + "\r\n"
        // Where it is offered it is declared, as soon as nobody can know better.
        let offering = try await Bench.start(
            [:],
            greeting(offering: "8BITMIME") + [
                .expect("MAIL FROM:<ann@example.org> BODY=8BITMIME\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"),
                .send("250 ok\r\n250 ok\r\n354 go\r\n"),
            ] + taken)
        #expect(try await offering.postRaw(large + "ü\r\n").status == 200)
        #expect(offering.relay.complaints == [])
        #expect(offering.content().contains("\r\nü\r\n.\r\n"))
        await offering.stop()
        // Where it is not, the message is given up as soon as it turns out to be needed.
        let lacking = try await Bench.start([:], greeting + envelope + [.silence], greeting + envelope + taken)
        let refused = try await lacking.postRaw(large + "ü\r\n")
        #expect(refused.status == 422)
        #expect(refused.json["outcome"] as? String == "not_sent")
        #expect(refused.json["stage"] as? String == "content")
        #expect((refused.json["detail"] as? String)?.contains("8BITMIME") == true)
        #expect(try await lacking.postRaw(large).status == 200)
        #expect(!lacking.content(0).contains("\r\n.\r\n"))
        await lacking.stop()
    }

    @Test func aNullFarBehind() async throws {
        let bench = try await Bench.start([:], greeting + envelope + [.silence])
        let answer = try await bench.postRaw(whole + String(repeating: "x", count: 200_000) + "\u{0}")
        #expect(answer.status == 400)
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(!bench.content().contains("\r\n.\r\n"))
        await bench.stop()
    }

    // MARK: The way of a large message

    /// What the relay has not taken the gateway does not read.
    @Test func aSlowRelayHoldsTheClientBack() async throws {
        let bench = try await Bench.start(
            ["POSTERN_MAX_MESSAGE_BYTES": "1073741824"], greeting + envelope + [.stopReading])
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\nContent-Length: 1000000000\r\n\r\n\(whole)"
        )
        let line = Array((String(repeating: "x", count: 70) + "\r\n").utf8)
        let sent = try await connection.sendUntilHeldBack(line + line, atMost: 900_000_000)
        // The kernel's buffers on both ways, and little of ours.
        #expect(sent < 100_000_000)
        connection.close()
        await bench.stop()
    }

    /// Nothing is sent of a message whose client vanishes: the session ends without a final dot.
    @Test(arguments: [0, 10, 500_000]) func aClientThatVanishes(_ count: Int) async throws {
        // A small beginning takes no session.
        let scripts = count > 100_000 ? [greeting + envelope + [.silence]] : []
        let bench = try await Bench.start([:], scripts: scripts + [greeting + envelope + taken])
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\nContent-Length: 2000000\r\n\r\n\(whole)"
        )
        try await connection.sendAll(Array(repeating: UInt8(ascii: "x"), count: count))
        // The first script is the vanishing client's only once its message has been opened.
        while count > 100_000, bench.relay.received.first?.contains("DATA\r\n") != true {
            try await Task.sleep(for: .milliseconds(2))
        }
        connection.close()
        // The next message finds a relay that has forgotten that one.
        #expect(try await bench.postRaw(whole).status == 200)
        if count > 100_000 { #expect(bench.relay.received.first?.contains("DATA\r\n") == true) }
        #expect(bench.relay.received.map { $0.contains("\r\n.\r\n") }.filter { $0 }.count == 1)
        await bench.stop()
    }

    /// The relay's refusal in the middle of the content reaches the client.
    @Test func aRelayThatGivesUp() async throws {
        let bench = try await Bench.start(
            [:], greeting + envelope + [.expectEnd("xx\r\n"), .send("552 5.3.4 enough\r\n"), .close])
        let content = whole + String(repeating: String(repeating: "x", count: 70) + "\r\n", count: 20_000)
        let answer = try await bench.postRaw(content)
        #expect(answer.json["code"] as? Int == 552)
        #expect(answer.status == 422)
        #expect(answer.json["outcome"] as? String == "not_sent")
        await bench.stop()
    }

    @Test func refusalsReachTheClient() async throws {
        let bench = try await Bench.start(
            [:],
            greeting + [
                .expectEnd("DATA\r\n"), .send("250 ok\r\n550 5.1.1 no\r\n554 no\r\n"), .expect("RSET\r\n"),
                .send("250 ok\r\n"),
            ])
        let answer = try await bench.postRaw(whole + String(repeating: "x", count: 1_000_000))
        #expect(answer.status == 422)
        #expect(answer.json["stage"] as? String == "rcpt")
        await bench.stop()
    }

    @Test func tooLarge() async throws {
        let bench = try await Bench.start(
            ["POSTERN_MAX_MESSAGE_BYTES": "300000"], greeting + envelope + [.silence])
        let message = Array((whole + String(repeating: "x", count: 400_000)).utf8)
        // In chunks the length is not known beforehand: it was on its way already.
        let answer = try await bench.postRaw(message, chunk: 10_000)
        #expect(answer.status == 413)
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(!bench.content().contains("\r\n.\r\n"))
        await bench.stop()
    }

    // MARK: Beside the stream

    @Test func dryRun() async throws {
        let bench = try await Bench.start([:], [.silence])
        let answer = try await bench.postRaw(
            "Bcc: carol@example.net\r\n" + whole, query: "?dry_run=true")
        #expect(answer.status == 200)
        #expect(answer.json["message"] as? String == whole)
        let envelope = answer.json["envelope"] as? [String: Any]
        #expect(envelope?["from"] as? String == "ann@example.org")
        #expect(envelope?["to"] as? [String] == ["carol@example.net", "bob@example.net"])
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func underAKey() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let key = "Idempotency-Key: once\r\n"
        #expect(try await bench.postRaw(whole, headers: key).status == 200)
        let again = try await bench.postRaw(whole, headers: key)
        #expect(again.status == 200)
        #expect(again.head.contains("idempotency-replayed: true"))
        #expect(try await bench.postRaw(whole + "x", headers: key).status == 422)
        #expect(bench.relay.received.first?.components(separatedBy: "DATA\r\n").count == 2)
        await bench.stop()
    }

    @Test func aStopEndsAnUpload() async throws {
        let bench = try await Bench.start(
            ["POSTERN_SHUTDOWN_GRACE": "100ms"], greeting + envelope + [.silence])
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\nContent-Length: 2000000\r\n\r\n\(whole)"
        )
        try await connection.sendAll(Array(repeating: UInt8(ascii: "x"), count: 500_000))
        while bench.relay.received.first?.contains("DATA\r\n") != true { try await Task.sleep(for: .milliseconds(5)) }
        await bench.stop()
        #expect(!bench.content().contains("\r\n.\r\n"))
    }
}
