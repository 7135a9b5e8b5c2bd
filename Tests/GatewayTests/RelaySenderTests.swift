import Foundation
import Settings
import TestSupport
import Testing

@testable import Gateway

/// A relay that lets the gateway send as one mailbox only.
@Suite(.timeLimit(.minutes(1))) struct RelaySenderTests {
    private static let sender = ["POSTERN_RELAY_SENDER": "app@example.org"]

    /// What a relay is told, and gets.
    private func sent(
        _ body: String, type: String = "application/json", path: String = "/messages",
        _ settings: [String: String] = sender, headers: String = ""
    ) async throws -> (answer: HTTPAnswer, envelope: String, content: String) {
        let bench = try await Bench.start(settings, greeting + envelope + taken)
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let answer = try #require(await connection.readAnswer())
        await bench.stop()
        let received = bench.relay.received.joined().components(separatedBy: "DATA\r\n")
        return (answer, received.first ?? "", received.dropFirst().joined())
    }

    @Test func theAuthorBecomesReplyTo() async throws {
        let (answer, envelope, content) = try await sent(
            #"{"from":"Ännä <ann@shop.example>","to":"bob@example.net","text":"x","headers":{"Sender":"s@shop.example"}}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        #expect(envelope.contains("MAIL FROM:<app@example.org>"))
        #expect(content.contains("\r\nFrom: =?utf-8?b?w4RubsOk?= <app@example.org>\r\n"), "\(content)")
        #expect(content.contains("\r\nReply-To: =?utf-8?b?w4RubsOk?= <ann@shop.example>\r\n"))
        #expect(!content.contains("\r\nSender:"))
    }

    @Test func aReplyToStays() async throws {
        let (_, _, content) = try await sent(
            #"{"from":"ann@shop.example","reply_to":"help@shop.example","to":"bob@example.net","text":"x"}"#)
        #expect(content.contains("From: app@example.org\r\n"))
        #expect(content.contains("\r\nReply-To: help@shop.example\r\n"))
        #expect(!content.contains("ann@shop.example"))
    }

    @Test func theMailboxItselfNeedsNoReplyTo() async throws {
        let (_, envelope, content) = try await sent(
            #"{"from":"App <app@example.org>","to":"bob@example.net","text":"x","envelope":{"from":"bounces@example.org"}}"#
        )
        #expect(envelope.contains("MAIL FROM:<app@example.org>"))
        #expect(!content.contains("Reply-To"))
        let (_, bounce, _) = try await sent(
            #"{"from":"App <app@example.org>","to":"bob@example.net","text":"x","envelope":{"from":""}}"#)
        #expect(bounce.contains("MAIL FROM:<>"))
    }

    private static let raw = """
        Received: from a by b\r
        From: "Lee, Ann" <ann@shop.example>\r
        Sender: robot@shop.example\r
        To: bob@example.net\r
        Subject: Hi\r
        Message-ID: <1@shop.example>\r
        Date: Sun, 29 Nov 2026 09:00:00 +0000\r
        \r
        Hello\r

        """

    /// Streamed, and under a key.
    @Test(arguments: ["", "Idempotency-Key: k\r\n"]) func aRawMessage(_ headers: String) async throws {
        let (answer, envelope, content) = try await sent(Self.raw, type: "message/rfc822", headers: headers)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(envelope.contains("MAIL FROM:<app@example.org>"))
        #expect(content.contains("\r\nFrom: \"Lee, Ann\" <app@example.org>\r\nTo: "), "\(content)")
        #expect(content.contains("\r\nReply-To: \"Lee, Ann\" <ann@shop.example>\r\n"))
        #expect(!content.contains("Sender:"))
        #expect(content.hasPrefix("Received: from a by b\r\n"))
    }

    @Test(arguments: ["", "Idempotency-Key: k\r\n"]) func aSignedMessageIsRefused(_ headers: String) async throws {
        let signed = "DKIM-Signature: v=1; a=rsa-sha256\r\n" + Self.raw
        let (answer, _, content) = try await sent(signed, type: "message/rfc822", headers: headers)
        #expect(answer.status == 422)
        #expect(answer.pointers == ["/headers/DKIM-Signature"])
        #expect(content.isEmpty)
        // The mailbox's own message is not touched.
        let own = signed.replacing("ann@shop.example", with: "app@example.org")
            .replacing("Sender: robot@shop.example\r\n", with: "")
        #expect(try await sent(own, type: "message/rfc822", headers: headers).answer.status == 200)
    }

    /// Brackets in a comment are no address.
    @Test(arguments: [
        "ann@shop.example (Ann <Sales>)", "Ann <ann@shop.example> (a > b)", "ann@shop.example",
        "A <ann@shop.example>, b@shop.example",
        "=?utf-8?q?=C3=84?=\r\n <ann@shop.example>",
    ])
    func theAuthorOfARawMessage(_ from: String) async throws {
        let raw = Self.raw.replacing("\"Lee, Ann\" <ann@shop.example>", with: from).replacing(
            "Sender: robot@shop.example\r\n", with: "")
        let (answer, _, content) = try await sent(
            raw, type: "message/rfc822", path: "/messages?from=ann@shop.example&to=bob@example.net")
        #expect(answer.status == 200, "\(answer.text)")
        let author = try #require(content.firstMatch(of: /\r\nFrom: ((?:.|\r\n )*)\r\nTo/)).output.1
        #expect(author.contains("<app@example.org>") && !author.contains("shop.example"), "\(author)")
        #expect(content.contains("\r\nReply-To: \(from)\r\n"), "\(content)")
    }

    /// A key's rules look at what the client wrote; a dry run shows what would be sent.
    @Test func keysAreCheckedAgainstWhatWasWritten() async throws {
        let settings = Self.sender.merging([
            "POSTERN_API_KEYS": "shop:secret-key", "POSTERN_API_KEY_RULES": "shop: senders=*@shop.example",
        ]) { $1 }
        let key = "X-API-Key: secret-key\r\n"
        let allowed = #"{"from":"ann@shop.example","to":"bob@example.net","text":"x"}"#
        let other = #"{"from":"app@example.org","to":"bob@example.net","text":"x"}"#
        #expect(try await sent(allowed, settings, headers: key).answer.status == 200)
        #expect(try await sent(other, settings, headers: key).answer.status == 403)
        let raw = try await sent(
            Self.raw, type: "message/rfc822", path: "/messages?from=ann@shop.example&to=bob@example.net", settings,
            headers: key)
        #expect(raw.answer.status == 200, "\(raw.answer.text)")
        let dry = try await sent(allowed, path: "/messages?dry_run=true", settings, headers: key).answer
        #expect((dry.json["message"] as? String)?.contains("From: app@example.org") == true)
        #expect((dry.json["envelope"] as? [String: Any])?["from"] as? String == "app@example.org")
    }

    /// The route goes by what the client wrote, though the author becomes another one.
    @Test func theRouteGoesByWhatWasWritten() async throws {
        let other = try await ScriptedRelay.start(scripts: [greeting + envelope + taken])
        let bench = try await Bench.start(
            [
                "POSTERN_RELAY_M365_URL": "smtp://127.0.0.1:\(other.port)?tls=none",
                "POSTERN_RELAY_M365_SENDER": "app@tenant.example", "POSTERN_ROUTES": "from:shop.example=m365",
            ], [.silence])
        let answer = try await bench.post(#"{"from":"ann@shop.example","to":"bob@example.net","text":"x"}"#)
        #expect(answer.json["relay"] as? String == "m365", "\(answer.text)")
        #expect(other.received.joined().contains("MAIL FROM:<app@tenant.example>"))
        #expect(bench.relay.connections == 0)
        await bench.stop()
        await other.stop()
    }

    @Test func settingsThatDoNotFit() {
        let relays = ["POSTERN_RELAY_URL": "smtp://a.example", "POSTERN_RELAY_B_URL": "smtp://b.example"]
        for more in [
            ["POSTERN_RELAY_SENDER": "App <app@example.org>"], ["POSTERN_RELAY_SENDER": "app"],
            ["POSTERN_RELAY_B_SENDER": "b@example.org", "POSTERN_ROUTES": "*=default>b"],
        ] {
            let error = #expect(throws: ConfigurationError.self) {
                try GatewayConfiguration(SettingValues(environment: relays.merging(more) { $1 }))
            }
            #expect(error?.description.hasPrefix("POSTERN_RELAY_SENDER") == true, "\(String(describing: error))")
        }
    }
}
