public import Tracing

/// Makes spans that ``OTLPExporter`` exports, and carries their context by W3C Trace Context.
///
/// ```swift
/// let exporter = OTLPExporter(configuration, eventLoopGroup: group, logger: logger)
/// let span = exporter.tracer.startSpan("send", context: .topLevel, ofKind: .client)
/// span.end()
/// ```
///
/// The end of a span appends it to a bounded queue; if the queue is full, the span is dropped and counted.
public struct OTLPTracer: Tracer {
    /// The spans that it makes.
    public typealias Span = OTLPSpan

    private let sampler: OTLPSampler
    private let limits: SpanLimits
    private let buffer: SpanBuffer

    init(sampler: OTLPSampler, limits: SpanLimits, buffer: SpanBuffer) {
        self.sampler = sampler
        self.limits = limits
        self.buffer = buffer
    }

    /// Starts a span, within the trace of its context if there is one.
    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> OTLPSpan {
        var context = context()
        let parent = context.spanContext
        var generator = SystemRandomNumberGenerator()
        let traceID = parent?.traceID ?? TraceID(using: &generator)
        let isSampled = sampler.samples(traceID, parent: parent)
        // The parent's context says all that there is to say.
        if let parent, !isSampled, !parent.isSampled { return OTLPSpan(context: context, recording: nil) }
        let own = SpanContext(
            traceID: traceID, spanID: SpanID(using: &generator), isSampled: isSampled, isRemote: false,
            state: parent?.state ?? .none)
        context.spanContext = own
        guard isSampled else { return OTLPSpan(context: context, recording: nil) }
        let recording = SpanRecording(
            operationName, own, parent: parent, kind: kind, start: instant().nanosecondsSinceEpoch, limits: limits,
            buffer: buffer)
        return OTLPSpan(context: context, recording: recording)
    }

    /// Asks the exporter to send the spans that wait now. It does not wait for that.
    public func forceFlush() {
        buffer.flush()
    }

    /// Takes the parent from `traceparent` and `tracestate`. A malformed `traceparent` is ignored.
    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let text = extractor.extract(key: "traceparent", from: carrier) else { return }
        let state = extractor.extract(key: "tracestate", from: carrier).map { TraceState($0) }
        guard let parent = TraceParent.read(text, state: state ?? .none) else { return }
        context.spanContext = parent
    }

    /// Writes the span of a context as `traceparent` and, if there is something to pass on, `tracestate`.
    public func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.spanContext else { return }
        injector.inject(TraceParent.text(span), forKey: "traceparent", into: &carrier)
        if span.state != .none { injector.inject(span.state.text, forKey: "tracestate", into: &carrier) }
    }
}
