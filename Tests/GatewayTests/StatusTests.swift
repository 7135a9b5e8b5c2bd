import NIOCore
import TestSupport
import Testing

@testable import Gateway

/// The table of statuses, row by row: what happens, and what is answered, code and body.
@Suite(.timeLimit(.minutes(1))) struct StatusTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var settings: [String: String] = [:]
        var steps: [ScriptedRelay.Step] = []
        var request = Bench.request(simple)
        let status: Int
        let type: String
        var code: Int?
        var stage: String?
        var retryable: Bool?
        var outcome: String?
        /// A header field that the answer must have, in lower case.
        var field: String?
        var testDescription: String { "\(status) \(name)" }
    }

    private static let key = ["POSTERN_API_KEYS": "app:secret-key-1", "POSTERN_API_KEY_RULES": "app: senders=*@b"]
    private static let plainGreeting: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expectEnd("\r\n"), .send("250-relay\r\n250-SIZE 10\r\n250 PIPELINING\r\n"),
    ]
    private static let startTLS: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expectEnd("\r\n"), .send("250-relay\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"),
    ]

    private static func relay(_ options: String) -> [String: String] { ["OPTIONS": options] }

    static let ofRequests: [Row] = [
        Row(
            name: "body not well formed", request: Bench.request("{"), status: 400, type: "malformed-body"),
        Row(
            name: "unsupported type",
            request:
                "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/css\r\nContent-Length: 1\r\n\r\nx",
            status: 415, type: "unsupported-media-type"),
        Row(
            name: "no type", request: "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
            status: 415, type: "unsupported-media-type"),
        Row(
            name: "unsupported coding", request: Bench.request(simple, headers: "Content-Encoding: gzip\r\n"),
            status: 415, type: "unsupported-media-type", field: "accept-encoding"),
        Row(
            name: "body too large", settings: ["POSTERN_MAX_MESSAGE_BYTES": "1024"],
            request: Bench.request(String(repeating: " ", count: 1025)), status: 413, type: "too-large",
            retryable: false, outcome: "not_sent"),
        Row(
            name: "larger than the relay's SIZE", steps: plainGreeting, status: 413, type: "too-large", stage: "mail",
            retryable: false, outcome: "not_sent"),
        Row(name: "no key", settings: key, status: 401, type: "unauthorized", field: "www-authenticate"),
        Row(
            name: "wrong key", settings: key, request: Bench.request(simple, headers: "X-API-Key: other-key-1\r\n"),
            status: 401, type: "unauthorized", field: "www-authenticate"),
        Row(
            name: "key not allowed this sender", settings: key,
            request: Bench.request(simple, headers: "X-API-Key: secret-key-1\r\n"), status: 403, type: "forbidden",
            retryable: false, outcome: "not_sent"),
        Row(
            name: "no such route", request: "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", status: 404,
            type: "not-found"),
        Row(
            name: "method", request: "PUT /messages HTTP/1.1\r\nHost: localhost\r\n\r\n", status: 405,
            type: "method-not-allowed", field: "allow"),
        Row(
            name: "a field is invalid", request: Bench.request(#"{"from":"a@b","to":7}"#), status: 422,
            type: "invalid-message", retryable: false, outcome: "not_sent"),
    ]

    static let ofRelays: [Row] = [
        Row(
            name: "MAIL refused",
            steps: greeting + [.expectEnd("DATA\r\n"), .send("550 5.7.1 no\r\n503 a\r\n503 b\r\n")],
            status: 422, type: "relay-refused", code: 550, stage: "mail", retryable: false, outcome: "not_sent"),
        Row(
            name: "every RCPT refused",
            steps: greeting + [.expectEnd("DATA\r\n"), .send("250 a\r\n550 5.1.1 no\r\n554 b\r\n")],
            status: 422, type: "relay-refused", code: 550, stage: "rcpt", retryable: false, outcome: "not_sent"),
        Row(
            name: "content refused", steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("554 5.7.1 no\r\n")],
            status: 422, type: "relay-refused", code: 554, stage: "content", retryable: false, outcome: "not_sent"),
        Row(
            name: "TLS failure", settings: relay("tls=required"),
            steps: startTLS + [.expectEnd("STARTTLS\r\n"), .send("220 go\r\nthis is no TLS\r\n")],
            status: 502, type: "relay-unavailable", stage: "starttls", outcome: "not_sent"),
        Row(
            name: "STARTTLS refused", settings: relay("tls=required"),
            steps: startTLS + [.expectEnd("STARTTLS\r\n"), .send("554 5.7.3 no\r\n")],
            status: 502, type: "relay-unavailable", code: 554, stage: "starttls", outcome: "not_sent"),
        Row(
            name: "STARTTLS not offered", settings: relay("tls=required"), steps: greeting,
            status: 502, type: "relay-unavailable", stage: "starttls", outcome: "not_sent"),
        Row(
            name: "AUTH refused", settings: ["USER": "u:p@", "OPTIONS": "tls=none&insecure_auth=true"],
            steps: startTLS + [.expectEnd("\r\n"), .send("535 5.7.8 no\r\n")],
            status: 502, type: "relay-unavailable", code: 535, stage: "auth", outcome: "not_sent"),
        Row(
            name: "greeting refused", steps: [.send("554 no\r\n")],
            status: 502, type: "relay-unavailable", code: 554, stage: "greeting", outcome: "not_sent"),
        Row(
            name: "EHLO refused", steps: [.send("220 x\r\n"), .expectEnd("\r\n"), .send("550 no\r\n")],
            status: 502, type: "relay-unavailable", code: 550, stage: "ehlo", outcome: "not_sent"),
        Row(
            name: "a reply that breaks the protocol", steps: [.send("HTTP/1.1 400\r\n")],
            status: 502, type: "relay-unavailable", stage: "greeting", outcome: "not_sent"),
        Row(
            name: "4yz", steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("451 4.3.0 later\r\n")],
            status: 503, type: "relay-try-again", code: 451, stage: "content", retryable: true, outcome: "not_sent",
            field: "retry-after"),
        Row(
            name: "no recipient, one with 4yz",
            steps: greeting + [.expectEnd("DATA\r\n"), .send("250 a\r\n450 4.2.1 no\r\n554 b\r\n")],
            status: 503, type: "relay-try-again", code: 450, stage: "rcpt", retryable: true, outcome: "not_sent",
            field: "retry-after"),
        Row(
            name: "silent before the final dot", steps: greeting + [.silence],
            status: 504, type: "relay-silent", stage: "mail", retryable: true, outcome: "not_sent"),
        Row(
            name: "silent behind the final dot", steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .silence],
            status: 504, type: "outcome-unknown", stage: "content", retryable: false, outcome: "unknown"),
        Row(
            name: "broken off behind the final dot", steps: greeting + envelope + [.expectEnd("\r\n.\r\n"), .close],
            status: 504, type: "outcome-unknown", stage: "content", retryable: false, outcome: "unknown"),
    ]

    private static let bounds = [
        "POSTERN_RELAY_CONNECT_TIMEOUT": "300ms", "POSTERN_RELAY_REPLY_TIMEOUT": "300ms",
        "POSTERN_RELAY_FINAL_REPLY_TIMEOUT": "300ms", "POSTERN_RELAY_CONNECTIONS": "1",
    ]

    @Test(arguments: ofRequests + ofRelays) func table(_ row: Row) async throws {
        var settings = Self.bounds.merging(row.settings) { $1 }
        let (user, options) = (settings.removeValue(forKey: "USER"), settings.removeValue(forKey: "OPTIONS"))
        let relay = try await ScriptedRelay.start(scripts: [row.steps])
        settings["POSTERN_RELAY_URL"] = "smtp://\(user ?? "")127.0.0.1:\(relay.port)?\(options ?? "tls=none")"
        let bench = try await Bench.start(settings, [])
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send(row.request)
        let answer = try #require(await connection.readAnswer())
        check(answer, row)
        if row.steps.isEmpty { #expect(relay.connections == 0) }
        await bench.stop()
        await relay.stop()
    }

    private func check(_ answer: HTTPAnswer, _ row: Row) {
        #expect(answer.status == row.status)
        #expect(answer.field("content-type") == "application/problem+json")
        #expect(answer.field("x-request-id") != nil)
        #expect(answer.json["type"] as? String == "/problems/" + row.type)
        #expect(answer.json["status"] as? Int == row.status)
        #expect((answer.json["title"] as? String)?.isEmpty == false)
        #expect((answer.json["detail"] as? String)?.isEmpty == false)
        #expect(answer.json["code"] as? Int == row.code)
        #expect(answer.json["stage"] as? String == row.stage)
        if let retryable = row.retryable { #expect(answer.json["retryable"] as? Bool == retryable) }
        #expect(answer.json["outcome"] as? String == row.outcome)
        if let field = row.field { #expect(answer.field(field) != nil) }
        if row.type == "invalid-message" { #expect(answer.pointers == ["/to"]) }
    }

    @Test func noConnection() async throws {
        let relay = try ClosedPort()
        let bench = try await Bench.start(["POSTERN_RELAY_URL": "smtp://127.0.0.1:\(relay.port)?tls=none"])
        let answer = try await bench.post(simple)
        check(
            answer,
            Row(
                name: "", status: 502, type: "relay-unavailable", stage: "connect", retryable: true, outcome: "not_sent"
            ))
        await bench.stop()
    }

    @Test func rateLimit() async throws {
        let bench = try await Bench.start(["POSTERN_RATE_PER_KEY": "1/d"], greeting + envelope + taken)
        #expect(try await bench.post(simple).status == 200)
        check(
            try await bench.post(simple),
            Row(
                name: "", status: 429, type: "rate-limited", retryable: true, outcome: "not_sent", field: "retry-after")
        )
        await bench.stop()
    }

    @Test func theGatewayIsFull() async throws {
        let bench = try await Bench.start(
            ["POSTERN_MAX_IN_FLIGHT": "1", "POSTERN_SHUTDOWN_GRACE": "1ms"], greeting + [.silence])
        let first = try RawConnection(port: bench.gateway.address.port)
        try first.send(Bench.request(simple))
        while bench.relay.received.first?.contains("MAIL") != true { try await Task.sleep(for: .milliseconds(2)) }
        check(
            try await bench.post(simple),
            Row(name: "", status: 503, type: "busy", retryable: true, outcome: "not_sent", field: "retry-after"))
        await bench.stop()
        check(
            try #require(await first.readAnswer()),
            Row(
                name: "", status: 503, type: "draining", stage: "mail", retryable: true, outcome: "not_sent",
                field: "retry-after"))
    }

    @Test func noSessionIsFree() async throws {
        let bench = try await Bench.start(
            [
                "POSTERN_RELAY_CONNECTIONS": "1", "POSTERN_QUEUE_TIMEOUT": "100ms", "POSTERN_SHUTDOWN_GRACE": "1ms",
            ], [.send("220 relay\r\n"), .expectEnd("\r\n"), .send("250 relay\r\n"), .silence])
        let first = try RawConnection(port: bench.gateway.address.port)
        try first.send(Bench.request(simple))
        while bench.relay.received.first?.contains("MAIL") != true { try await Task.sleep(for: .milliseconds(2)) }
        let answer = try await bench.post(simple)
        #expect(answer.status == 503)
        #expect((answer.json["type"] as? String)?.hasSuffix("busy") == true)
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(answer.json["retryable"] as? Bool == true)
        #expect(answer.field("retry-after") != nil)
        await bench.stop()
    }
}
