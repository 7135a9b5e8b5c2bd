import TestSupport
import Testing

@testable import Gateway

/// Which fields the lines of requests and messages have, in which order.
///
/// Names with dots are those of OpenTelemetry's semantic conventions.
@Suite(.timeLimit(.minutes(1))) struct RequestLogTests {
    private static let refusing =
        greeting + [.expectEnd("DATA\r\n"), .send("550 5.7.1 sender blocked\r\n503 no\r\n503 no\r\n"), .close]

    @Test func aMessageHasOneLine() async throws {
        let log = LogLines()
        let bench = try await Bench.start(
            ["POSTERN_API_KEYS": "app:planted-key-1", "POSTERN_LOG_ADDRESSES": "true"], logger: log.logger,
            greeting + envelope + taken)
        let headers = "X-API-Key: planted-key-1\r\ntraceparent: \(RequestTests.trace)\r\n"
        let answer = try await bench.post(simple, headers: headers)
        #expect(answer.status == 200)
        let line = try #require(log.all.first { $0.message == "message accepted" })
        #expect(
            line.names == [
                "request_id", "key", "trace_id", "span_id", "messaging.message.id", "status", "relay", "code", "text",
                "recipients", "bytes", "from", "to", "queue_ms", "envelope_ms", "content_ms", "duration_ms",
            ])
        #expect(line.metadata["messaging.message.id"] == answer.json["id"] as? String)
        await bench.stop()
    }

    @Test func aMessageThatIsRefusedByTheRelayHasOneLine() async throws {
        let log = LogLines()
        let bench = try await Bench.start([:], logger: log.logger, Self.refusing)
        #expect(try await bench.post(simple).status == 422)
        let line = try #require(log.all.first { $0.message == "message not accepted" })
        #expect(
            line.names == [
                "request_id", "messaging.message.id", "relay", "http.response.status_code", "error.type", "code",
                "stage", "outcome", "detail", "recipients", "duration_ms",
            ])
        #expect(line.metadata["http.response.status_code"] == "422")
        #expect(line.metadata["error.type"] == "refused")
        await bench.stop()
    }

    @Test func aRefusedRequestHasOneLine() async throws {
        let log = LogLines()
        let bench = try await Bench.start(
            ["POSTERN_API_KEYS": "app:planted-key-1", "POSTERN_TRUSTED_PROXIES": "127.0.0.1"], logger: log.logger,
            scripts: [])
        func line(_ status: Int) throws -> LogLines.Line {
            try #require(
                log.all.first {
                    $0.message == "request refused" && $0.metadata["http.response.status_code"] == "\(status)"
                }, "\(status)")
        }
        let request = ["request_id", "client.address", "http.request.method", "url.path"]
        let response = ["http.response.status_code", "error.type"]
        for (path, key, status, type) in [
            ("/messages", "", 401, "unauthorized"), ("/nowhere", "X-API-Key: planted-key-1\r\n", 404, "not-found"),
        ] {
            let answer = try await bench.post(
                simple, path: path, headers: "\(key)X-Forwarded-For: 192.0.2.7\r\nX-Request-Id: it-is-\(status)\r\n")
            #expect(answer.status == status)
            let line = try line(status)
            #expect(line.names == request + response)
            #expect(
                line.metadata == [
                    "request_id": "it-is-\(status)", "client.address": "192.0.2.7", "http.request.method": "POST",
                    "url.path": path, "http.response.status_code": "\(status)", "error.type": type,
                ])
        }
        let invalid = #"{"from":"nobody at all","to":"bob@example.net","text":"x"}"#
        #expect(try await bench.post(invalid, headers: "X-API-Key: planted-key-1\r\n").status == 422)
        let line = try line(422)
        #expect(line.names == ["request_id", "key", "client.address"] + response + ["errors", "pointers"])
        #expect(line.metadata["client.address"] == "127.0.0.1")
        #expect(line.metadata["pointers"] == "/from")
        await bench.stop()
    }
}
