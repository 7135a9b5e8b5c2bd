import Foundation
import TestSupport
import Testing

/// Keys, passwords and the text of messages are nowhere to be read.
@Suite(.timeLimit(.minutes(2))) struct SecretTests {
    private static let secrets = [
        "planted-key", "planted-password", "planted-wrong-key", "planted-text", "planted-subject",
    ]

    private func expectNone(in text: String, _ place: String) {
        for secret in Self.secrets { #expect(!text.contains(secret), "\(secret) is in \(place)") }
    }

    private static func message(from: String, key: String = "planted-key-1") -> String {
        let body = #"{"from":"\#(from)","to":"bob@example.net","subject":"planted-subject","text":"planted-text"}"#
        return "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-API-Key: \(key)\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func secretsAreInNoLogMetricErrorOrListing() async throws {
        let message: [ScriptedRelay.Step] = [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n")]
        let relay = try await ScriptedRelay.start(
            [
                .send("220 relay\r\n"), .expectEnd("EHLO gate.example.org\r\n"),
                .send("250-relay\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n"), .expectEnd("\r\n"),
                .send("235 welcome\r\n"),
            ] + message + [.expectEnd("\r\n.\r\n"), .send("250 2.0.0 Ok\r\n")] + message
                + [.expectEnd("\r\n.\r\n"), .send("554 5.7.1 no\r\n")] + message + [.expectEnd("\r\n.\r\n"), .close])
        let settings = """
            relay_url: smtp://ann:planted-password@127.0.0.1:\(relay.port)?tls=none&insecure_auth=true
            relay_b_url: smtp://bob:planted-password@127.0.0.1:1
            api_keys: [app:planted-key-1, shop:planted-key-2]
            log_level: trace
            log_addresses: true
            """
        let gateway = try await RunningGateway(settings)
        var answers: [(status: Int, text: String)] = []
        for request in [
            Self.message(from: "ann@example.org"), Self.message(from: "ann@example.org"),
            Self.message(from: "ann@example.org"), Self.message(from: "no address"),
            Self.message(from: "ann@example.org", key: "planted-wrong-key"),
            Self.message(from: "ann@example.org").replacing(#"{"from""#, with: #"["from""#),
        ] {
            let connection = try RawConnection(port: gateway.port)
            try connection.send(request)
            let answer = try #require(await connection.readAnswer())
            answers.append((answer.status, answer.head + answer.text))
        }
        #expect(answers.map(\.status) == [200, 422, 504, 422, 401, 400])
        for answer in answers { expectNone(in: answer.text, "the answer with \(answer.status)") }
        let metrics = try await gateway.get("/metrics", headers: "X-API-Key: planted-key-1\r\n")
        #expect(metrics.status == 200)
        expectNone(in: metrics.text, "/metrics")
        gateway.program.send(SIGTERM)
        #expect(try await gateway.program.exitStatus() == 0)
        expectNone(in: gateway.log, "the log")

        // The log has one JSON object a line, and one line a message that a relay was asked to take.
        let lines = try gateway.log.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let accepted = try #require(lines.first { $0["message"] as? String == "message accepted" })
        for field in [
            "request_id", "key", "messaging.message.id", "relay", "code", "text", "recipients", "queue_ms",
            "envelope_ms", "content_ms",
            "duration_ms", "from", "to",
        ] { #expect(accepted[field] != nil, "\(field) is not logged") }
        #expect(accepted["key"] as? String == "app")
        #expect(accepted["to"] as? String == "bob@example.net")
        #expect(lines.count { $0["message"] as? String == "message not accepted" } == 2)

        try settings.write(toFile: gateway.file, atomically: true, encoding: .utf8)
        let listing = try await PosternCommand.run(["config", "--config", gateway.file])
        #expect(listing.status == 0)
        #expect(listing.output.contains("POSTERN_API_KEYS=[masked]"))
        expectNone(in: listing.output + listing.errors, "postern config")
        let malformed = try await PosternCommand.run(
            ["serve"], environment: ["POSTERN_RELAY_URL": "smtp://ann:planted-password@relay?tls=perhaps"])
        #expect(malformed.status == 78)
        expectNone(in: malformed.output + malformed.errors, "the error of a malformed setting")
        await relay.stop()
    }
}
