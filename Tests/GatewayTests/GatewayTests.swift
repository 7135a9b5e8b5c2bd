import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct GatewayTests {
    @Test func theMainJob() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let answer = try await bench.post(simple)
        #expect(answer.status == 200)
        #expect(answer.json["code"] as? Int == 250)
        #expect(answer.json["enhanced_code"] as? String == "2.0.0")
        #expect(answer.json["text"] as? String == "Ok: queued as 4F2")
        #expect(answer.json["status"] as? String == "accepted")
        #expect(answer.json["accepted"] as? [String] == ["bob@example.net"])
        let sent = try #require(bench.relay.received.first)
        #expect(sent.contains("MAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"))
        #expect(sent.contains("\r\nSubject: Hi\r\n"))
        #expect(sent.hasSuffix("\r\n\r\nHow?\r\n.\r\n"))
        await bench.stop()
    }

    @Test func partlyAccepted() async throws {
        let bench = try await Bench.start(
            [:],
            greeting + [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n550 5.1.1 No such user\r\n354 go\r\n")]
                + taken)
        let answer = try await bench.post(#"{"from":"a@example.org","to":["b@example.net","c@example.net"],"text":""}"#)
        #expect(answer.status == 200)
        #expect(answer.json["status"] as? String == "partially_accepted")
        let rejected = answer.json["rejected"] as? [[String: Any]]
        #expect(rejected?.first?["address"] as? String == "c@example.net")
        #expect(rejected?.first?["code"] as? Int == 550)
        #expect(rejected?.first?["retryable"] as? Bool == false)
        await bench.stop()
    }

    @Test func notificationsAndRequiredTLSReachTheRelayOrAreRefused() async throws {
        let offered: [ScriptedRelay.Step] = [
            .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"),
            .send("250-relay\r\n250-PIPELINING\r\n250 DSN\r\n"),
            .expect(
                "MAIL FROM:<a@example.org> RET=HDRS ENVID=order+2B7\r\n"
                    + "RCPT TO:<b@example.net> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b@example.net\r\nDATA\r\n"),
            .send("250 ok\r\n250 ok\r\n354 go\r\n"),
        ]
        let dsn =
            #"{"from":"a@example.org","to":"b@example.net","text":"","dsn":{"notify":["delay","failure"],"return":"headers","id":"order+7"}}"#
        let bench = try await Bench.start([:], offered + taken)
        #expect(try await bench.post(dsn).status == 200)
        #expect(bench.relay.complaints == [])
        let inClear = try await bench.post(
            #"{"from":"a@example.org","to":"b@example.net","text":"","require_tls":true}"#)
        #expect(inClear.status == 422)
        #expect((inClear.json["type"] as? String)?.hasSuffix("relay-unsupported") == true)
        #expect(inClear.json["outcome"] as? String == "not_sent")
        await bench.stop()
        let plain = try await Bench.start([:], greeting)
        let lacking = try await plain.post(dsn)
        #expect(lacking.status == 422)
        #expect((lacking.json["detail"] as? String)?.contains("DSN") == true)
        #expect(plain.relay.received.first?.contains("MAIL") == false)
        await plain.stop()
    }

    // MARK: What the relay does, and what is answered

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [ScriptedRelay.Step]
        let status: Int
        let code: Int?
        let stage: String
        let retryable: Bool
        var outcome = "not_sent"
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(
            name: "greeting refused", steps: [.send("554 no\r\n")], status: 502, code: 554, stage: "greeting",
            retryable: false),
        Row(
            name: "greeting deferred", steps: [.send("421 busy\r\n")], status: 503, code: 421, stage: "greeting",
            retryable: true),
        Row(name: "greeting silent", steps: [.silence], status: 504, code: nil, stage: "greeting", retryable: true),
        Row(name: "greeting dropped", steps: [.close], status: 502, code: nil, stage: "greeting", retryable: true),
        Row(
            name: "not SMTP", steps: [.send("HTTP/1.1 400 Bad Request\r\n")], status: 502, code: nil, stage: "greeting",
            retryable: false),
        Row(
            name: "EHLO refused", steps: [.send("220 x\r\n"), .expectEnd("\r\n"), .send("550 no\r\n")], status: 502,
            code: 550, stage: "ehlo", retryable: false),
        Row(
            name: "EHLO dropped", steps: [.send("220 x\r\n"), .expectEnd("\r\n"), .close], status: 502, code: nil,
            stage: "ehlo", retryable: true),
        Row(
            name: "MAIL refused",
            steps: greeting + [.expectEnd("DATA\r\n"), .send("550 5.7.1 no\r\n503 a\r\n503 b\r\n")],
            status: 422, code: 550, stage: "mail", retryable: false),
        Row(
            name: "MAIL deferred",
            steps: greeting + [.expectEnd("DATA\r\n"), .send("451 4.3.0 no\r\n503 a\r\n503 b\r\n")],
            status: 503, code: 451, stage: "mail", retryable: true),
        Row(
            name: "MAIL silent", steps: greeting + [.silence], status: 504, code: nil, stage: "mail", retryable: true),
        Row(
            name: "RCPT refused",
            steps: greeting + [
                .expectEnd("DATA\r\n"), .send("250 a\r\n550 5.1.1 no\r\n554 b\r\n"), .expect("RSET\r\n"),
                .send("250 c\r\n"),
            ], status: 422, code: 550, stage: "rcpt", retryable: false),
        Row(
            name: "RCPT deferred",
            steps: greeting + [
                .expectEnd("DATA\r\n"), .send("250 a\r\n450 4.2.1 no\r\n554 b\r\n"), .expect("RSET\r\n"),
                .send("250 c\r\n"),
            ], status: 503, code: 450, stage: "rcpt", retryable: true),
        Row(
            name: "DATA refused",
            steps: greeting + [
                .expectEnd("DATA\r\n"), .send("250 a\r\n250 b\r\n554 no\r\n"), .expect("RSET\r\n"), .send("250 c\r\n"),
            ], status: 422, code: 554, stage: "data", retryable: false),
        Row(
            name: "content refused",
            steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("552 5.3.4 big\r\n")],
            status: 422, code: 552, stage: "content", retryable: false),
        Row(
            name: "content deferred",
            steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("451 4.3.0 later\r\n")],
            status: 503, code: 451, stage: "content", retryable: true),
        Row(
            name: "content dropped", steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .close], status: 504,
            code: nil, stage: "content", retryable: false, outcome: "unknown"),
        Row(
            name: "content silent", steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .silence], status: 504,
            code: nil, stage: "content", retryable: false, outcome: "unknown"),
    ]

    @Test(arguments: rows) func failures(_ row: Row) async throws {
        let bench = try await Bench.start(
            [
                "POSTERN_RELAY_CONNECT_TIMEOUT": "200ms", "POSTERN_RELAY_REPLY_TIMEOUT": "200ms",
                "POSTERN_RELAY_FINAL_REPLY_TIMEOUT": "200ms", "POSTERN_RELAY_CONNECTIONS": "1",
            ], row.steps, greeting + envelope + taken)
        let answer = try await bench.post(simple)
        #expect(answer.status == row.status)
        #expect(answer.head.contains("content-type: application/problem+json"))
        #expect(answer.json["status"] as? Int == row.status)
        #expect(answer.json["code"] as? Int == row.code)
        #expect(answer.json["stage"] as? String == row.stage)
        #expect(answer.json["retryable"] as? Bool == row.retryable)
        #expect(answer.json["outcome"] as? String == row.outcome)
        #expect(answer.head.contains("retry-after:") == (row.status == 503))
        // The next request is served.
        if row.stage == "content" || row.code == nil || row.status == 502 {
            let next = try await bench.post(simple)
            #expect(next.status == 200 || bench.relay.connections == 1)
        }
        await bench.stop()
    }

    @Test func relayDown() async throws {
        let relay = try ClosedPort()
        let bench = try await Bench.start(["POSTERN_RELAY_URL": "smtp://127.0.0.1:\(relay.port)?tls=none"])
        let answer = try await bench.post(simple)
        #expect(answer.status == 502)
        #expect(answer.json["stage"] as? String == "connect")
        #expect(answer.json["retryable"] as? Bool == true)
        #expect(try await bench.get("/livez").status == 200)
        let ready = try await bench.get("/readyz")
        #expect(ready.status == 503)
        #expect(ready.json["status"] as? String == "unavailable")
        await bench.stop()
    }

    // MARK: Bad requests, with nothing on the wire

    @Test(
        arguments: [
            ("{", 400, []), ("[]", 422, [""]), ("\"x\"", 422, [""]),
            (#"{"to":"b@example.net"}"#, 422, ["/from"]),
            (#"{"from":"a@example.org"}"#, 422, ["/to"]),
            (#"{"from":"a@example.org","to":[]}"#, 422, ["/to"]),
            (#"{"from":1,"to":"b@example.net"}"#, 422, ["/from"]),
            (#"{"from":"a@example.org","to":["b@example.net",7,"x y"]}"#, 422, ["/to/1", "/to/2"]),
            (#"{"from":"a@example.org","to":{"email":"b@x"},"text":[],"nope":1}"#, 422, ["/nope", "/text"]),
            (#"{"from":"a@example.org","to":{"name":"b"}}"#, 422, ["/to/address"]),
            (
                #"{"from":"a@example.org","to":"b@example.net","attachments":[{"content":"*"}]}"#, 422,
                ["/attachments/0/content"]
            ),
            (
                #"{"from":"a@example.org","to":"b@example.net","headers":{"Bcc":"x","a/b c":"y"}}"#, 422,
                ["/headers/Bcc", "/headers/a~1b c"]
            ),
            (
                #"{"from":"a@example.org","to":"b@example.net","dsn":{"notify":[],"id":"ü","return":"all","x":1},"require_tls":1}"#,
                422, ["/require_tls", "/dsn/notify", "/dsn/id", "/dsn/return", "/dsn/x"]
            ),
            (#"{"from":"a@example.org","to":"b@example.net","recipient_policy":"some"}"#, 422, ["/recipient_policy"]),
        ] as [(String, Int, [String])]) func refused(_ body: String, _ status: Int, _ pointers: [String]) async throws
    {
        let bench = try await Bench.start([:], greeting)
        let answer = try await bench.post(body)
        #expect(answer.status == status)
        #expect(Set(answer.pointers) == Set(pointers))
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func typesSizesAndRoutes() async throws {
        let bench = try await Bench.start(["POSTERN_MAX_MESSAGE_BYTES": "1024"], greeting)
        #expect(try await bench.post(String(repeating: " ", count: 1025)).status == 413)
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx")
        #expect(await connection.readAnswer()?.status == 415)
        #expect(try await bench.get("/nowhere").status == 404)
        let wrong = try await bench.get("/messages")
        #expect(wrong.status == 405)
        #expect(wrong.head.contains("allow: post"))
        #expect(try await bench.get("/sandbox/messages").status == 404)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func keys() async throws {
        let bench = try await Bench.start(
            ["POSTERN_API_KEYS": "app:secret-key-1,secret-key-2"], greeting + envelope + taken + envelope + taken)
        #expect(try await bench.post(simple).status == 401)
        #expect(try await bench.post(simple, headers: "X-API-Key: wrong-key\r\n").status == 401)
        #expect(try await bench.post(simple, headers: "X-API-Key: secret-key-2\r\n").status == 200)
        #expect(try await bench.post(simple, headers: "Authorization: Bearer secret-key-1\r\n").status == 200)
        #expect(try await bench.get("/livez").status == 200)
        await bench.stop()
    }

    @Test func dryRun() async throws {
        let bench = try await Bench.start([:], greeting)
        let answer = try await bench.post(simple, path: "/messages?dry_run=true")
        #expect(answer.status == 200)
        #expect((answer.json["envelope"] as? [String: Any])?["to"] as? [String] == ["bob@example.net"])
        #expect((answer.json["message"] as? String)?.contains("Subject: Hi\r\n") == true)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    /// A message that the end of the grace meets is told what became of it, like one whose session was lost.
    @Test(arguments: [
        (steps: greeting + [.expectEnd("DATA\r\n"), .silence], end: "DATA\r\n", outcome: "not_sent"),
        (steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .silence], end: "\r\n.\r\n", outcome: "unknown"),
    ])
    func stopInTheMiddle(_ row: (steps: [ScriptedRelay.Step], end: String, outcome: String)) async throws {
        let bench = try await Bench.start(["POSTERN_SHUTDOWN_GRACE": "100ms"], row.steps)
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + "\(simple.utf8.count)\r\n\r\n\(simple)")
        while bench.relay.received.first?.hasSuffix(row.end) != true { try await Task.sleep(for: .milliseconds(2)) }
        await bench.stop()
        let answer = try #require(await connection.readAnswer())
        #expect(answer.json["outcome"] as? String == row.outcome)
        #expect(answer.json["retryable"] as? Bool == (row.outcome == "not_sent"))
        #expect(answer.status == (row.outcome == "not_sent" ? 503 : 504))
    }
}
