internal import Tracing

/// What identifies a span to others: within the process by the context, and beyond it by the fields of W3C Trace Context.
struct SpanContext: Sendable, Hashable {
    let traceID: TraceID
    let spanID: SpanID
    /// Whether the trace is recorded.
    let isSampled: Bool
    /// Whether the span is of another process.
    let isRemote: Bool
    /// What others want to be passed on with the trace; empty if there is nothing.
    let state: TraceState
}

/// Where a context keeps the span.
private enum SpanContextKey: InstrumentationContextKey {
    typealias Value = SpanContext
    static var nameOverride: String? { "otlp-span" }
}

extension InstrumentationContext {
    /// The span that what is started in this context becomes a child of.
    var spanContext: SpanContext? {
        get { self[SpanContextKey.self] }
        set { self[SpanContextKey.self] = newValue }
    }
}
