import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing
import Tracing

@testable import OTLP

/// The exporter against a collector that speaks HTTP.
@Suite(.timeLimit(.minutes(1))) struct HTTPExportTests {
    private let lines = KeptLog()
    private let clock = ManualClock()

    /// An exporter without a delay, whose clock jumps to each alarm: no test waits for a pause.
    private func exporter(
        to port: Int, _ environment: [String: String] = [:]
    ) throws -> OTLPExporter {
        let configuration = try Samples.configuration(
            environment.merging(["OTEL_BSP_SCHEDULE_DELAY": "0"]) { $1 }, endpoint: "http://localhost:\(port)")
        let clock = clock
        return OTLPExporter(
            configuration,
            transport: HTTPOTLPTransport(configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton),
            clock: OTLPClock(
                now: { clock.now }, sleep: { time in clock.advance(to: time) }, date: { ManualClock.start }),
            jitter: { 0 }, logger: lines.logger)
    }

    private func end(_ names: String..., of exporter: OTLPExporter) {
        for name in names { exporter.tracer.startSpan(name, context: .topLevel).end() }
    }

    /// Posts an empty body, and returns the answer.
    private func post(
        to port: Int, _ environment: [String: String] = [:], scheme: String = "http"
    ) async throws -> Result<OTLPResponse, OTLPTransportError> {
        let configuration = try Samples.configuration(environment, endpoint: "\(scheme)://localhost:\(port)")
        let transport = HTTPOTLPTransport(configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let result: Result<OTLPResponse, OTLPTransportError>
        do throws(OTLPTransportError) {
            result = .success(try await transport.post(.init()))
        } catch {
            result = .failure(error)
        }
        await transport.shutdown()
        await transport.shutdown()
        return result
    }

    @Test func spansArriveByPOST() async throws {
        let server = try await CollectorServer(.status(.ok))
        let exporter = try exporter(
            to: server.port, ["OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20hunter2,x-tenant=7"])
        end("a", "b", of: exporter)
        #expect(await eventually { exporter.figures.exported == 2 })
        await exporter.shutdown(within: .seconds(20))
        let request = try #require(server.requests.first)
        #expect(server.requests.flatMap { (try? DecodedRequest($0.body).spans) ?? [] }.map(\.name) == ["a", "b"])
        #expect(request.head.method == .POST)
        #expect(request.head.uri == "/v1/traces")
        #expect(request.head.headers["content-type"] == ["application/json"])
        #expect(request.head.headers["content-length"] == ["\(request.body.count)"])
        #expect(request.head.headers["authorization"] == ["Bearer hunter2"])
        #expect(request.head.headers["x-tenant"] == ["7"])
        #expect(lines.all.isEmpty)
        try await server.stop()
    }

    @Test func aBusyCollectorGetsTheSpansLater() async throws {
        let server = try await CollectorServer(.status(.serviceUnavailable, ["Retry-After": "17"]), .status(.ok))
        let exporter = try exporter(to: server.port)
        end("a", of: exporter)
        #expect(await eventually { exporter.figures.exported == 1 })
        #expect(clock.now == .seconds(17))
        #expect(server.requests.count == 2)
        #expect(server.requests.first?.body == server.requests.last?.body)
        await exporter.shutdown(within: .seconds(20))
        #expect(exporter.figures == OTLPFigures(exported: 1))
        #expect(lines.all.map(\.level) == [.warning, .notice])
        try await server.stop()
    }

    @Test func whatTheCollectorRefusesIsSentOnce() async throws {
        let server = try await CollectorServer(.status(.badRequest))
        let exporter = try exporter(to: server.port)
        end("a", of: exporter)
        #expect(await eventually { exporter.figures.failed == 1 })
        await exporter.shutdown(within: .seconds(20))
        #expect(server.requests.count == 1)
        #expect(exporter.figures == OTLPFigures(failed: 1))
        try await server.stop()
    }

    @Test func aRefusedConnectionIsTriedAgainAndGivenUp() async throws {
        let closed = try ClosedPort()
        let exporter = try exporter(to: closed.port)
        end("a", of: exporter)
        #expect(await eventually { exporter.figures.failed == 1 })
        await exporter.shutdown(within: .seconds(20))
        #expect(exporter.figures == OTLPFigures(failed: 1))
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.text.contains("a refused connection") == true)
    }

    @Test(arguments: [CollectorServer.Answer.silence, .dripping]) func aSlowAnswerIsWaitedForOnlySoLong(
        answer: CollectorServer.Answer
    ) async throws {
        let server = try await CollectorServer(answer)
        #expect(try await post(to: server.port, ["OTEL_EXPORTER_OTLP_TIMEOUT": "300"]) == .failure(.timedOut))
        try await server.stop()
    }

    @Test func theExportTimeoutBoundsARequestToo() async throws {
        let server = try await CollectorServer(.silence)
        #expect(try await post(to: server.port, ["OTEL_BSP_EXPORT_TIMEOUT": "300"]) == .failure(.timedOut))
        try await server.stop()
    }

    @Test func aRedirectIsNotFollowed() async throws {
        let server = try await CollectorServer(.status(.found, ["Location": "/other"], ""))
        #expect(try await post(to: server.port).get().status == 302)
        #expect(server.requests.map(\.head.uri) == ["/v1/traces"])
        try await server.stop()
    }

    @Test func aLongBodyIsNotRead() async throws {
        let server = try await CollectorServer(
            .status(.ok, [:], String(repeating: " ", count: 65_536)),
            .status(.ok, [:], String(repeating: " ", count: 65_537)))
        #expect(try await post(to: server.port).get().body.count == 65_536)
        #expect(try await post(to: server.port).get() == OTLPResponse(status: 200))
        try await server.stop()
    }

    @Test func aConnectionThatBreaksIsUnreachable() async throws {
        let server = try await CollectorServer(.close)
        let reason = "the connection was closed before the end of the answer"
        #expect(try await post(to: server.port) == .failure(.unreachable(reason)))
        try await server.stop()
    }

    @Test func theCertificateIsCheckedWithTheConfiguredRoots() async throws {
        let certificates = try await TestCertificates.made.value
        let server = try await CollectorServer(.status(.ok), context: try certificates.server.serverContext())
        func result(_ identity: TestCertificates.Identity?) async throws -> Result<OTLPResponse, OTLPTransportError> {
            let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pem").path
            var environment: [String: String] = [:]
            if let identity {
                try Data(identity.certificatePEM.utf8).write(to: URL(filePath: path))
                environment["OTEL_EXPORTER_OTLP_CERTIFICATE"] = path
            }
            defer { try? FileManager.default.removeItem(atPath: path) }
            return try await post(to: server.port, environment, scheme: "https")
        }
        #expect(try await result(certificates.authority).get().status == 200)
        for identity in [certificates.otherAuthority, nil] {
            guard case .failure(.unreachable(let reason)) = try await result(identity) else {
                Issue.record("a certificate of an unknown authority was trusted")
                continue
            }
            #expect(reason.hasPrefix("TLS failed"))
        }
        #expect(server.requests.count == 1)
        try await server.stop()
    }

    @Test func aShutdownSendsWhatWaits() async throws {
        let server = try await CollectorServer(.status(.ok))
        let configuration = try Samples.configuration(endpoint: "http://localhost:\(server.port)")
        let exporter = OTLPExporter(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: lines.logger)
        for number in 0..<600 { exporter.tracer.startSpan("\(number)", context: .topLevel).end() }
        await exporter.shutdown(within: .seconds(20))
        #expect(exporter.figures == OTLPFigures(exported: 600))
        #expect(server.requests.count == 2)
        try await server.stop()
    }

    @Test func aShutdownEndsAnOpenRequest() async throws {
        let server = try await CollectorServer(.silence)
        let configuration = try Samples.configuration(endpoint: "http://localhost:\(server.port)")
        let exporter = OTLPExporter(
            configuration,
            transport: HTTPOTLPTransport(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton), clock: clock.clock,
            logger: lines.logger)
        end("a", of: exporter)
        exporter.tracer.forceFlush()
        #expect(await eventually { server.requests.count == 1 })
        async let ended: Void = exporter.shutdown(within: .seconds(3))
        #expect(await eventually { clock.alarms == [.seconds(3)] })
        clock.advance(to: .seconds(3))
        await ended
        #expect(exporter.figures == OTLPFigures(failed: 1))
        try await server.stop()
    }
}
