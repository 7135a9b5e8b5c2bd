import Foundation
import InMemoryTracing
import TestSupport
import Testing
import Tracing

@testable import Gateway

/// Keeps spans in memory, and takes their parent from `traceparent` as tracers for production do.
private struct TestTracer: Tracer {
    let spans = InMemoryTracer()
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
    ) where Inject.Carrier == Carrier {}

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
        let bench = try await Bench.start(
            ["POSTERN_API_KEYS": "app:planted-key-1"], tracer: tracer, scripts: [greeting + envelope + taken])
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
