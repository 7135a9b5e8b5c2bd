import TestSupport
import Testing

@testable import Gateway

/// What holds for requests of every route: ids, methods, codings, query parameters.
@Suite(.timeLimit(.minutes(1))) struct RequestTests {
    static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func theLogHasIdKeyAndTrace() async throws {
        let log = LogLines()
        let bench = try await Bench.start(
            ["POSTERN_API_KEYS": "billing:secret-key-1"], logger: log.logger, greeting + envelope + taken)
        let answer = try await bench.post(
            simple,
            headers: "X-API-Key: secret-key-1\r\nX-Request-Id: order-7\r\ntraceparent: \(Self.trace)\r\n")
        #expect(answer.status == 200)
        #expect(answer.field("x-request-id") == "order-7")
        let line = try #require(log.all.first { $0.message == "message accepted" })
        #expect(line.metadata["request_id"] == "order-7")
        #expect(line.metadata["key"] == "billing")
        #expect(line.metadata["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(line.metadata["span_id"] == "00f067aa0ba902b7")
        #expect(line.metadata["text"] == "Ok: queued as 4F2")
        #expect(!log.all.contains { "\($0)".contains("secret-key-1") || "\($0)".contains("bob@example.net") })
        await bench.stop()
    }

    @Test func everyAnswerHasAnId() async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "secret-key-1"], greeting)
        for path in ["/livez", "/nowhere", "/messages"] {
            #expect(try await bench.get(path).field("x-request-id") != nil)
        }
        #expect(try await bench.post("{", headers: "X-API-Key: secret-key-1\r\n").field("x-request-id") != nil)
        #expect(try await bench.post(simple).field("x-request-id") != nil)
        await bench.stop()
    }

    @Test(arguments: [
        "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "\(trace)-1", "\(trace)1",
        "01\(trace.dropFirst(2))1",
    ]) func notATrace(_ text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test func traces() {
        let expected = TraceParent(Self.trace)
        #expect(expected?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(TraceParent("cc" + Self.trace.dropFirst(2) + "-what-comes-later") == expected)
    }

    // MARK: Methods

    @Test func headIsGetWithoutTheBody() async throws {
        let bench = try await Bench.start([:], greeting)
        let whole = try await bench.get("/livez")
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let answer = await connection.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.contains("Content-Length: \(whole.body.count)\r\n"))
        #expect(answer.contains("Content-Type: application/json\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        await bench.stop()
    }

    @Test(arguments: [
        ("/messages", "POST, OPTIONS"), ("/livez", "GET, HEAD, OPTIONS"), ("/readyz", "GET, HEAD, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"), ("*", "OPTIONS"),
    ]) func options(_ path: String, _ methods: String) async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "secret-key-1"], greeting)
        let answer = try await bench.get(path, method: "OPTIONS")
        #expect(answer.status == 204)
        #expect(answer.field("allow") == methods.lowercased())
        #expect(answer.body.isEmpty)
        for method in ["GET", "PUT", "PATCH", "DELETE", "TRACE", "get"]
        where !methods.split(separator: ", ").contains("\(method)") {
            let refused = try await bench.get(path, method: method)
            // The server as a whole is a target of OPTIONS alone (RFC 9112, section 3.2.4).
            if path == "*" {
                #expect(refused.status == 400)
                continue
            }
            #expect(refused.status == 405)
            #expect(refused.field("allow") == methods.lowercased())
            #expect(refused.field("content-type") == "application/problem+json")
        }
        #expect(try await bench.get("/nowhere", method: "OPTIONS").status == 404)
        await bench.stop()
    }

    /// OPTIONS asks about the path, whatever the query says.
    @Test(arguments: [
        ("/messages", "?dry_run=true"), ("/messages", "?dry_run=perhaps&dry_run=true"), ("/messages", "?unknown=1"),
        ("/messages", "?"), ("/livez", "?x"), ("/problems/unauthorized", "?a=b"),
        ("/v3/mg.example.org/messages", "?to=x"),
        ("/sandbox/messages", "?wait=1s"), ("/nowhere", "?x=1"),
    ]) func optionsWithAQueryAreAnsweredAlike(_ path: String, _ query: String) async throws {
        let bench = try await Bench.start([:], greeting)
        let plain = try await bench.get(path, method: "OPTIONS")
        for target in [path + query, "http://localhost\(path)\(query)"] {
            let answer = try await bench.get(target, method: "OPTIONS")
            #expect(answer.status == plain.status)
            #expect(answer.field("allow") == plain.field("allow"))
            #expect(answer.body == plain.body)
        }
        await bench.stop()
    }

    // MARK: Codings, expectations, query parameters

    @Test(arguments: ["gzip", "br", "deflate", "zstd", "GZIP"]) func contentCodings(_ coding: String) async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let answer = try await bench.post(simple, headers: "Content-Encoding: \(coding)\r\n")
        #expect(answer.status == 415)
        #expect(answer.field("accept-encoding") == "identity")
        #expect((answer.json["detail"] as? String)?.contains(coding) == true)
        #expect(try await bench.post(simple, headers: "Content-Encoding: identity\r\n").status == 200)
        await bench.stop()
    }

    @Test func expectation() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let connection = try RawConnection(port: bench.gateway.address.port)
        let head =
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: \(simple.utf8.count)\r\n"
        try connection.send(head + "Content-Type: application/json\r\n\r\n")
        let interim = String(decoding: await connection.read(), as: UTF8.self)
        #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.send(simple)
        #expect(await connection.readAnswer()?.status == 200)
        // A body that would be refused is not asked for.
        let refused = try RawConnection(port: bench.gateway.address.port)
        try refused.send(head + "Content-Type: text/css\r\n\r\n")
        #expect(await refused.readToEnd().hasPrefix("HTTP/1.1 415 "))
        await bench.stop()
    }

    @Test(arguments: [
        "dryrun=true", "dry_run=maybe", "dry_run=true&dry_run=false", "Dry_run=true", "dry_run=TRUE", "%0d%0a=1",
    ]) func queryParameters(_ query: String) async throws {
        let bench = try await Bench.start([:], greeting)
        let answer = try await bench.post(simple, path: "/messages?" + query)
        #expect(answer.status == 422)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func aBodyWhereNoneIsExpected() async throws {
        let bench = try await Bench.start([:], greeting)
        let connection = try RawConnection(port: bench.gateway.address.port)
        try connection.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")
        #expect(await connection.readAnswer()?.status == 413)
        await bench.stop()
    }
}
