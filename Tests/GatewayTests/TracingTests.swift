import Foundation
import InMemoryTracing
import TestSupport
import Testing
import Tracing

@testable import Gateway

/// An identifier in hexadecimal digits.
private func identifier(octets: Int) -> String {
    (0..<octets).map { _ in
        let octet = String(UInt8.random(in: 1...255), radix: 16)
        return octet.count == 1 ? "0" + octet : octet
    }.joined()
}

/// Keeps spans in memory, and takes their parent from `traceparent` as tracers for production do.
private struct TestTracer: Tracer {
    /// With identifiers of the form that `traceparent` has.
    let spans = InMemoryTracer(
        idGenerator: InMemoryTracer.IDGenerator(
            nextTraceID: { identifier(octets: 16) }, nextSpanID: { identifier(octets: 8) }))
    let fields: [String]

    /// - Parameter fields: the header fields that are asked for beside `traceparent`.
    init(alsoAsking fields: [String] = []) {
        self.fields = fields
    }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> InMemorySpan {
        spans.startSpan(
            operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID, line: line
        )
    }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        if let parent = extractor.extract(key: "Traceparent", from: carrier).flatMap({ TraceParent($0) }) {
            context.inMemorySpanContext = InMemorySpanContext(
                traceID: parent.traceID, spanID: parent.parentID, parentSpanID: nil)
        }
        for field in fields { #expect(extractor.extract(key: field, from: carrier) == nil, "\(field)") }
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.inMemorySpanContext else { return }
        injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
    }

    func forceFlush() {}
}

extension FinishedInMemorySpan {
    fileprivate var texts: [String: String] {
        var found: [String: String] = [:]
        attributes.forEach { name, value in
            switch value {
            case .string(let text): found[name] = text
            case .int64(let number): found[name] = String(number)
            default: Issue.record("\(name): \(value)")
            }
        }
        return found
    }
}

@Suite(.timeLimit(.minutes(1))) struct TracingTests {
    // MARK: The trace within messages

    /// The field of a message that is not sent.
    private func field(
        _ settings: [String: String], tracer: (any Tracer)? = nil, headers: String, members: String = ""
    ) async throws -> String? {
        let bench = try await Bench.start(settings, tracer: tracer, scripts: [])
        let answer = try await bench.post(
            #"{"from":"ann@example.org","to":"bob@example.net","text":"x"\#(members)}"#,
            path: "/messages?dry_run=true", headers: headers)
        #expect(answer.status == 200, "\(answer.text)")
        await bench.stop()
        let message = try #require(answer.json["message"] as? String)
        let lines = message.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("traceparent:") }
        #expect(lines.count < 2)
        return lines.first.map { String($0.dropFirst("traceparent: ".count)) }
    }

    @Test func aMessageCarriesTheTraceIfASettingSaysSo() async throws {
        let parent = "00-\(trace)-00f067aa0ba902b7-01"
        let settings = ["POSTERN_TRACE_MESSAGES": "true"]
        #expect(try await field([:], headers: "traceparent: \(parent)\r\n") == nil)
        #expect(try await field(settings, headers: "traceparent: \(parent)\r\n") == parent)
        #expect(try await field(settings, headers: "") == nil)
        // A later version is passed on as the version that is known, without what follows.
        let later = "cc-\(trace)-00f067aa0ba902b7-01-what\r\n"
        #expect(try await field(settings, headers: "traceparent: \(later)") == parent)
        // What is none is not passed on.
        #expect(try await field(settings, headers: "traceparent: 00-\(trace)-0000000000000000-01\r\n") == nil)
        // A field of the sender's own stays.
        let own = "00-11111111111111111111111111111111-2222222222222222-00"
        let member = #","headers":{"Traceparent":"\#(own)"}"#
        #expect(try await field(settings, headers: "traceparent: \(parent)\r\n", members: member) == own)
    }

    @Test func aMessageCarriesTheSpanOfItsRequest() async throws {
        let tracer = TestTracer()
        let parent = "00-\(trace)-00f067aa0ba902b7-01"
        let found = try await field(
            ["POSTERN_TRACE_MESSAGES": "true"], tracer: tracer, headers: "traceparent: \(parent)\r\n")
        let span = try #require(tracer.spans.finishedSpans.first)
        #expect(found == "00-\(trace)-\(span.spanID)-01")
        #expect(found != parent)
    }

    private let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private let parent = "00f067aa0ba902b7"
    private var field: String { "traceparent: 00-\(trace)-\(parent)-01\r\n" }

    /// The spans of a request, the server's first.
    private func spans(
        _ tracer: TestTracer, count: Int
    ) async throws -> (server: FinishedInMemorySpan, exchanges: [FinishedInMemorySpan]) {
        let all = tracer.spans.finishedSpans
        #expect(all.count == count)
        #expect(tracer.spans.activeSpans.isEmpty)
        let server = try #require(all.first { $0.kind == .server })
        let exchanges = all.filter { $0.kind == .client }
        for exchange in exchanges {
            #expect(exchange.traceID == server.traceID)
            #expect(exchange.parentSpanID == server.spanID)
        }
        return (server, exchanges)
    }

    @Test func aMessageIsASpanWithinTheTraceOfItsClientAndItsExchangeIsOneWithin() async throws {
        let tracer = TestTracer(alsoAsking: ["authorization", "X-API-Key", "cookie", "baggage"])
        let log = LogLines()
        let bench = try await Bench.start(
            ["POSTERN_API_KEYS": "app:planted-key-1"], logger: log.logger, tracer: tracer,
            scripts: [greeting + envelope + taken])
        let answer = try await bench.post(
            simple, headers: field + "X-API-Key: planted-key-1\r\nCookie: a=b\r\nX-Request-Id: request-7\r\n")
        #expect(answer.status == 200)
        let (server, exchanges) = try await spans(tracer, count: 2)
        #expect(server.operationName == "POST /messages")
        #expect(server.traceID == trace && server.parentSpanID == parent)
        #expect(server.status == nil)
        #expect(
            server.texts == [
                "http.request.method": "POST", "http.route": "/messages", "url.path": "/messages",
                "network.protocol.name": "http", "http.response.status_code": "200", "postern.request_id": "request-7",
                "postern.key": "app",
            ])
        let exchange = try #require(exchanges.first)
        #expect(exchange.operationName == "SMTP default")
        #expect(exchange.status == nil)
        #expect(
            exchange.texts == [
                "network.protocol.name": "smtp", "network.transport": "tcp", "server.address": "127.0.0.1",
                "server.port": String(bench.relay.port), "messaging.message.id": answer.json["id"] as? String,
                "postern.relay": "default", "postern.outcome": "accepted", "smtp.reply.code": "250",
                "smtp.reply.enhanced_code": "2.0.0",
            ])
        // The line of the log is found by the span of the request.
        let line = try #require(log.all.first { $0.message == "message accepted" })
        #expect(line.metadata["trace_id"] == trace)
        #expect(line.metadata["span_id"] == server.spanID)
        await bench.stop()
    }

    @Test func aFailureIsToldWithoutAddressesAndTexts() async throws {
        let refusing =
            greeting + [
                .expectEnd("DATA\r\n"), .send("250 a\r\n550 5.1.1 no bob@example.net here\r\n554 b\r\n"),
                .expect("RSET\r\n"), .send("250 c\r\n"), .expectEnd("DATA\r\n"), .close,
            ]
        let tracer = TestTracer()
        let bench = try await Bench.start([:], tracer: tracer, scripts: [refusing, [.close]])
        #expect(try await bench.post(simple).status == 422)
        let (server, exchanges) = try await spans(tracer, count: 2)
        #expect(server.parentSpanID == nil)
        #expect(server.status == nil)
        #expect(server.texts["http.response.status_code"] == "422")
        let refused = try #require(exchanges.first)
        #expect(refused.status?.code == .error && refused.status?.message == nil)
        #expect(refused.errors.isEmpty)
        #expect(refused.texts["error.type"] == "refused")
        #expect(refused.texts["postern.outcome"] == "refused")
        #expect(refused.texts["smtp.stage"] == "rcpt")
        #expect(!"\(server.texts) \(refused.texts)".contains("bob"))
        #expect(!"\(server.texts) \(refused.texts)".contains("ann@"))
        tracer.spans.clearFinishedSpans()

        #expect(try await bench.post(simple).status == 502)
        let (broken, lost) = try await spans(tracer, count: 2)
        #expect(broken.status?.code == .error)
        #expect(broken.texts["error.type"] == "502")
        #expect(lost.first?.texts["error.type"] == "connection_lost")
        #expect(lost.first?.texts["postern.outcome"] == "not_sent")
        await bench.stop()
    }

    @Test func whatIsNotSentHasNoExchange() async throws {
        let tracer = TestTracer()
        let bench = try await Bench.start([:], tracer: tracer, scripts: [[.close]])
        #expect(try await bench.post(#"{"from":"nobody at all","to":[]}"#).status == 422)
        #expect(try await bench.post(simple, path: "/messages?dry_run=true").status == 200)
        #expect(tracer.spans.popFinishedSpans().map(\.kind) == [.server, .server])
        #expect(try await bench.get("/livez").status == 200)
        #expect(tracer.spans.finishedSpans.isEmpty)
        await bench.stop()
    }

    @Test func aBatchIsASpanAndEachOfItsMessagesOneWithin() async throws {
        let tracer = TestTracer()
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "1"], tracer: tracer,
            scripts: [greeting + envelope + taken + envelope + taken])
        let answer = try await bench.post("[\(simple),{},\(simple)]", path: "/messages/batch?on_error=continue")
        #expect(answer.status == 200)
        let (server, exchanges) = try await spans(tracer, count: 3)
        #expect(server.operationName == "POST /messages/batch")
        #expect(Set(exchanges.map { $0.texts["postern.batch_index"] }) == ["0", "2"])
        await bench.stop()
    }

    @Test func eachRelayThatIsAskedHasAnExchangeOfItsOwn() async throws {
        let tracer = TestTracer()
        let dead = try ClosedPort()
        let bench = try await Bench.start(
            ["POSTERN_RELAY_DEAD_URL": "smtp://127.0.0.1:\(dead.port)", "POSTERN_ROUTES": "*=dead>default"],
            tracer: tracer, scripts: [greeting + envelope + taken])
        #expect(try await bench.post(simple).status == 200)
        let (_, exchanges) = try await spans(tracer, count: 3)
        #expect(exchanges.map { $0.texts["postern.relay"] } == ["dead", "default"])
        #expect(exchanges.map { $0.texts["postern.outcome"] } == ["not_sent", "accepted"])
        await bench.stop()
    }

    /// A raw message's exchange goes on while it arrives, and ends where its client goes away.
    @Test func aRawMessage() async throws {
        let tracer = TestTracer()
        let bench = try await Bench.start(
            [:], tracer: tracer,
            scripts: [greeting + envelope + taken + envelope + [.expectEnd("never\r\n"), .close]])
        let connection = try RawConnection(port: bench.gateway.address.port)
        let message =
            "From: ann@example.org\r\nTo: bob@example.net\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHi\r\n"
        let head = "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\n"
        try connection.send(head + "Content-Length: \(message.utf8.count)\r\n\r\n" + message)
        #expect(await connection.readAnswer()?.status == 200)
        let (_, exchanges) = try await spans(tracer, count: 2)
        #expect(exchanges.first?.texts["postern.outcome"] == "accepted")
        tracer.spans.clearFinishedSpans()

        let leaving = try RawConnection(port: bench.gateway.address.port)
        try leaving.send(head + "Content-Length: 1000000\r\n\r\n" + message)
        try await leaving.sendAll([UInt8](repeating: UInt8(ascii: "a"), count: 100_000))
        while tracer.spans.activeSpans.count(where: { $0.kind == .client }) == 0 {
            try await Task.sleep(for: .milliseconds(2))
        }
        leaving.close()
        while !tracer.spans.activeSpans.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        #expect(tracer.spans.finishedSpans.count == 2)
        await bench.stop()
    }

    @Test func nobodyTracesUnlessToldTo() {
        #expect(RequestTracer(nil) == nil)
        #expect(RequestTracer(NoOpTracer()) == nil)
        #expect(RequestTracer(InMemoryTracer()) != nil)
    }
}
