import TestSupport
import Testing
import Tracing

@testable import OTLP

@Suite struct SamplingTests {
    private enum Parent: CaseIterable {
        case none, sampled, unsampled

        var context: InstrumentationContext {
            switch self {
            case .none: .topLevel
            case .sampled: Samples.context("01")
            case .unsampled: Samples.context("00")
            }
        }
    }

    @Test(arguments: [
        (OTLPSampler.Rule.always, false, [true, true, true]), (.never, false, [false, false, false]),
        (.always, true, [true, true, false]), (.never, true, [false, true, false]),
        (.below(0), true, [false, true, false]), (.below(0), false, [false, false, false]),
    ]) func aSpanIsRecordedByRuleOrParent(rule: OTLPSampler.Rule, followsParent: Bool, expected: [Bool]) {
        let (tracer, buffer) = Samples.tracer(sampler: OTLPSampler(rule: rule, followsParent: followsParent))
        for (parent, isRecorded) in zip(Parent.allCases, expected) {
            let span = tracer.startSpan("s", context: parent.context)
            #expect(span.isRecording == isRecorded)
            #expect(span.context.spanContext?.isSampled == isRecorded)
            if parent != .none { #expect(span.context.spanContext?.traceID == parent.context.spanContext?.traceID) }
            // What begins within it is decided about in the same way.
            let child = tracer.startSpan("c", context: span.context)
            #expect(child.isRecording == isRecorded)
            #expect(child.context.spanContext?.traceID == span.context.spanContext?.traceID)
            child.end()
            span.end()
        }
        #expect(buffer.count == expected.count { $0 } * 2)
    }

    @Test func aRatioIsMetAndAlikeForEveryone() {
        let sampler = OTLPSampler(rule: .below(1 << 61), followsParent: true)
        var generator = SeededGenerator(seed: 7)
        let count = (0..<10_000).count { _ in sampler.samples(TraceID(using: &generator), parent: nil) }
        #expect((2300...2700).contains(count))
        #expect(TraceID(high: 1, low: (1 << 62) - 1).map { sampler.samples($0, parent: nil) } == true)
        #expect(TraceID(high: 1, low: 1 << 62).map { sampler.samples($0, parent: nil) } == false)
    }

    @Test func aSpanThatIsNotRecordedKeepsNothing() {
        let (tracer, buffer) = Samples.tracer()
        func unexpected() -> DefaultTracerClock.Timestamp {
            Issue.record("the time was asked for")
            return DefaultTracerClock.now
        }
        let parent = Samples.context("00")
        let span = tracer.startSpan("s", context: parent, at: unexpected())
        span.attributes["a"] = "b"
        span.operationName = "t"
        span.addEvent("event")
        span.setStatus(SpanStatus(code: .error))
        span.recordError(CancellationError(), attributes: [:], at: unexpected())
        span.end(at: unexpected())
        #expect(span.attributes.isEmpty)
        #expect(span.operationName == "")
        #expect(!span.isRecording)
        #expect(span.context.spanContext == parent.spanContext)
        #expect(buffer.count == 0)
    }

    @Test func identifiersAreRandomAndNeverZero() {
        let (tracer, _) = Samples.tracer()
        let contexts = (0..<1000).compactMap { _ in tracer.startSpan("s", context: .topLevel).context.spanContext }
        #expect(Set(contexts.map(\.traceID)).count == 1000)
        #expect(Set(contexts.map(\.spanID)).count == 1000)
        #expect(TraceID(high: 0, low: 0) == nil)
        #expect(SpanID(0) == nil)
    }
}
