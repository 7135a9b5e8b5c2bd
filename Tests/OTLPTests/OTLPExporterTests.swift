import Logging
import Synchronization
import TestSupport
import Testing
import Tracing

@testable import OTLP

/// The exporter with a time that stands, and without a network.
@Suite(.timeLimit(.minutes(1))) struct OTLPExporterTests {
    private final class Reports: Sendable {
        private let sum = Mutex(OTLPFigures())

        var total: OTLPFigures { sum.withLock { $0 } }

        func add(_ figures: OTLPFigures) {
            sum.withLock { sum in
                sum.exported += figures.exported
                sum.dropped += figures.dropped
                sum.failed += figures.failed
            }
        }
    }

    private let clock = ManualClock()
    private let lines = KeptLog()
    private let reports = Reports()

    private func exporter(
        _ collector: ScriptedCollector, _ environment: [String: String] = [:]
    ) throws -> OTLPExporter {
        let reports = reports
        return OTLPExporter(
            try Samples.configuration(environment), transport: collector, clock: clock.clock, jitter: { 0 },
            logger: lines.logger, report: { reports.add($0) })
    }

    private func end(_ names: String..., of exporter: OTLPExporter) {
        for name in names { exporter.tracer.startSpan(name, context: .topLevel).end() }
    }

    /// Moves the clock to a time as soon as somebody sleeps for it.
    private func pass(to time: Duration) async {
        #expect(await eventually { clock.alarms.contains(time) })
        clock.advance(to: time)
    }

    @Test func spansGoInABatchAfterTheDelay() async throws {
        let collector = ScriptedCollector()
        let exporter = try exporter(collector)
        end("a", "b", of: exporter)
        #expect(await eventually { clock.alarms == [.seconds(5)] })
        #expect(collector.requests.isEmpty)
        clock.advance(to: .seconds(5))
        #expect(await eventually { exporter.figures.exported == 2 })
        #expect(collector.names == [["a", "b"]])
        #expect(clock.alarms.isEmpty)
        await exporter.shutdown(within: .seconds(1))
        #expect(reports.total == OTLPFigures(exported: 2))
        #expect(lines.all.isEmpty)
    }

    @Test func aFullBatchGoesAtOnceAndTheRestLater() async throws {
        let collector = ScriptedCollector()
        let exporter = try exporter(collector, ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2"])
        collector.hold()
        end("a", "b", of: exporter)
        #expect(await eventually { collector.requests.count == 1 })
        end("c", of: exporter)
        collector.release()
        await pass(to: .seconds(5))
        #expect(await eventually { exporter.figures.exported == 3 })
        #expect(collector.names == [["a", "b"], ["c"]])
        #expect(collector.mostOpen == 1)
        await exporter.shutdown(within: .seconds(1))
    }

    @Test func aFlushSendsWhatWaits() async throws {
        let collector = ScriptedCollector()
        let exporter = try exporter(collector)
        end("a", of: exporter)
        exporter.tracer.forceFlush()
        #expect(await eventually { exporter.figures.exported == 1 })
        await exporter.shutdown(within: .seconds(1))
    }

    @Test(arguments: [429, 502, 503, 504]) func aBatchIsSentAgainIfThatMayHelp(status: Int) async throws {
        let collector = ScriptedCollector { number in
            .success(OTLPResponse(status: number < 3 ? status : 200, retryAfter: number == 2 ? "9" : nil))
        }
        let exporter = try exporter(collector)
        end("a", of: exporter)
        await pass(to: .seconds(5))
        await pass(to: .seconds(6))
        await pass(to: .seconds(15))
        #expect(await eventually { exporter.figures.exported == 1 })
        #expect(collector.names == [["a"], ["a"], ["a"]])
        await exporter.shutdown(within: .seconds(1))
        #expect(exporter.figures == OTLPFigures(exported: 1))
        #expect(lines.all.map(\.level) == [.warning, .notice])
        #expect(lines.all.first?.text.contains("status \(status)") == true)
        #expect(lines.all.first?.text.contains("http://collector.example.org:4318") == true)
    }

    @Test(arguments: [301, 400, 401, 404, 413, 500]) func aBatchThatIsRefusedIsSentOnce(status: Int) async throws {
        let collector = ScriptedCollector { _ in .success(OTLPResponse(status: status, retryAfter: "1")) }
        let exporter = try exporter(collector)
        end("a", "b", of: exporter)
        await pass(to: .seconds(5))
        #expect(await eventually { exporter.figures.failed == 2 })
        end("c", of: exporter)
        await pass(to: .seconds(10))
        #expect(await eventually { exporter.figures.failed == 3 })
        #expect(collector.names == [["a", "b"], ["c"]])
        await exporter.shutdown(within: .seconds(1))
        // One line for both.
        #expect(lines.all.map(\.level) == [.warning])
        #expect(reports.total == OTLPFigures(failed: 3))
    }

    @Test func spansThatTheCollectorRejectsAreCounted() async throws {
        let collector = ScriptedCollector { _ in
            .success(OTLPResponse(status: 200, body: Array(#"{"partialSuccess":{"rejectedSpans":"1"}}"#.utf8)))
        }
        let exporter = try exporter(collector)
        end("a", "b", "c", of: exporter)
        await exporter.shutdown(within: .seconds(1))
        #expect(exporter.figures == OTLPFigures(exported: 2, failed: 1))
        #expect(reports.total == exporter.figures)
    }

    @Test func aCollectorThatIsAwayCostsABoundedQueue() async throws {
        let collector = ScriptedCollector { _ in .failure(.unreachable("connection refused")) }
        let exporter = try exporter(
            collector, ["OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5"])
        end("0", "1", "2", "3", "4", of: exporter)
        #expect(await eventually { clock.alarms == [.seconds(1)] })
        for number in 5..<25 { end("\(number)", of: exporter) }
        #expect(exporter.figures == OTLPFigures(dropped: 10))
        var time = 0
        for pause in [1, 2, 4, 8, 16, 30, 30, 30] {
            time += pause
            await pass(to: .seconds(time))
        }
        #expect(await eventually { collector.names.last == ["5", "6", "7", "8", "9"] })
        #expect(collector.names.prefix(8).allSatisfy { $0 == ["0", "1", "2", "3", "4"] })
        #expect(exporter.figures.failed == 5)
        await exporter.shutdown(within: .zero)
        #expect(exporter.figures == OTLPFigures(dropped: 15, failed: 10))
        #expect(reports.total == exporter.figures)
        #expect(lines.all.map(\.level) == [.warning])
        #expect(collector.mostOpen == 1)
    }

    @Test func aShutdownSendsEverything() async throws {
        let collector = ScriptedCollector()
        let exporter = try exporter(collector, ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2"])
        collector.hold()
        end("a", "b", "c", "d", "e", of: exporter)
        async let ended: Void = exporter.shutdown(within: .seconds(10))
        #expect(await eventually { clock.alarms == [.seconds(10)] })
        collector.release()
        await ended
        #expect(collector.names == [["a", "b"], ["c", "d"], ["e"]])
        #expect(exporter.figures == OTLPFigures(exported: 5))
        #expect(collector.shutdowns == 1)
        #expect(clock.alarms.isEmpty)
        end("late", of: exporter)
        exporter.tracer.forceFlush()
        await exporter.shutdown(within: .seconds(10))
        #expect(exporter.figures == OTLPFigures(exported: 5, dropped: 1))
        #expect(collector.requests.count == 3)
    }

    @Test func aShutdownDoesNotWaitForASlowCollector() async throws {
        let collector = ScriptedCollector()
        let exporter = try exporter(collector, ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2"])
        collector.hold()
        end("a", "b", "c", of: exporter)
        #expect(await eventually { collector.requests.count == 1 })
        async let first: Void = exporter.shutdown(within: .seconds(10))
        async let second: Void = exporter.shutdown(within: .seconds(20))
        await pass(to: .seconds(10))
        await first
        await second
        #expect(exporter.figures == OTLPFigures(dropped: 1, failed: 2))
        #expect(reports.total == exporter.figures)
        // A request that is cancelled is no failure of the collector.
        #expect(lines.all.isEmpty)
    }

    @Test func nothingIsSentIfNothingEnds() async throws {
        let collector = ScriptedCollector()
        let exporter = try exporter(collector)
        let span = exporter.tracer.startSpan("open", context: .topLevel)
        await exporter.shutdown(within: .seconds(1))
        span.end()
        #expect(collector.requests.isEmpty)
        #expect(exporter.figures == OTLPFigures(dropped: 1))
    }

    @Test func spansOfManyTasksArriveOnce() async throws {
        let collector = ScriptedCollector { number in .success(OTLPResponse(status: number % 3 == 0 ? 503 : 200)) }
        let exporter = OTLPExporter(
            try Samples.configuration([
                "OTEL_BSP_MAX_QUEUE_SIZE": "20000", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100",
                "OTEL_BSP_SCHEDULE_DELAY": "1",
            ]), transport: collector,
            clock: OTLPClock(
                now: { self.clock.now }, sleep: { time in self.clock.advance(to: time) }, date: { ManualClock.start }),
            jitter: { 0 }, logger: lines.logger)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<10 {
                group.addTask {
                    for number in 0..<500 {
                        exporter.tracer.startSpan("\(task)-\(number)", context: .topLevel).end()
                        if number.isMultiple(of: 50) { await Task.yield() }
                    }
                }
            }
        }
        #expect(await eventually { exporter.figures.exported == 5000 })
        await exporter.shutdown(within: .seconds(60))
        #expect(exporter.figures == OTLPFigures(exported: 5000))
        let accepted = collector.names.enumerated().filter { ($0.offset + 1) % 3 != 0 }.flatMap(\.element)
        #expect(accepted.count == 5000)
        #expect(Set(accepted).count == 5000)
        #expect(collector.mostOpen == 1)
    }
}
