import Testing
import Tracing

@testable import OTLP

/// What several suites need.
enum Samples {
    static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    static let span = "00f067aa0ba902b7"

    /// A configuration by environment variables beside the endpoint.
    static func configuration(
        _ environment: [String: String] = [:], endpoint: String = "http://collector.example.org:4318"
    ) throws -> OTLPConfiguration {
        let environment = environment.merging(["OTEL_EXPORTER_OTLP_ENDPOINT": endpoint]) { $1 }
        return try #require(try OTLPConfiguration(environment: environment))
    }

    /// A tracer, and the buffer into which its spans go.
    static func tracer(
        sampler: OTLPSampler = .standard, limits: SpanLimits = SpanLimits(), schedule: ScheduleLimits = ScheduleLimits()
    ) -> (OTLPTracer, SpanBuffer) {
        let buffer = SpanBuffer(schedule)
        return (OTLPTracer(sampler: sampler, limits: limits, buffer: buffer), buffer)
    }

    /// A context with a parent of another process.
    static func context(_ flags: String = "01", state: String? = nil) -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        var fields = ["traceparent": "00-\(trace)-\(span)-\(flags)"]
        fields["tracestate"] = state
        tracer().0.extract(fields, into: &context, using: FieldExtractor())
        return context
    }

    /// A span that has ended.
    static func finished(_ name: String = "span", size: Int = 100) throws -> FinishedSpan {
        var generator = SystemRandomNumberGenerator()
        let context = SpanContext(
            traceID: TraceID(using: &generator), spanID: SpanID(using: &generator), isSampled: true, isRemote: false,
            state: .none)
        return FinishedSpan(
            context: context, parent: nil, kind: .internal, start: 1, end: 2, contents: SpanContents(name: name),
            size: size)
    }
}

/// Header fields as a dictionary.
struct FieldExtractor: Extractor {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}

struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}
