public import Tracing

/// A span of ``OTLPTracer``. If its trace is not recorded, it keeps nothing.
public struct OTLPSpan: Tracing.Span {
    /// The context in which spans become children of this one.
    public let context: InstrumentationContext
    /// Keeps what is recorded; nil if the trace is not recorded.
    let recording: SpanRecording?

    /// Whether attributes and events are kept: the trace is recorded, and the span has not ended.
    public var isRecording: Bool { recording?.isOpen ?? false }

    /// The name; empty if nothing is recorded.
    public var operationName: String {
        get { recording?.read(\.name) ?? "" }
        nonmutating set { recording?.update { $0.name = newValue } }
    }

    /// The attributes, 128 at most. Values are cut off at the limit that is configured.
    public var attributes: SpanAttributes {
        get { recording?.read(\.attributes) ?? [:] }
        nonmutating set { recording?.update { $0.set(newValue) } }
    }

    /// Sets the status. The status `ok` is final.
    public func setStatus(_ status: SpanStatus) {
        recording?.update { $0.set(status) }
    }

    /// Adds an event; the first 128 are kept.
    public func addEvent(_ event: SpanEvent) {
        recording?.update { $0.add(event) }
    }

    /// Adds an event with the type of an error. Its description is left out: it may hold an address.
    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard let recording else { return }
        var attributes = attributes
        attributes.set("exception.type", value: .string(String(reflecting: type(of: error))))
        let event = SpanEvent(name: "exception", at: instant(), attributes: attributes)
        recording.update { $0.add(event) }
    }

    /// Adds a link to another span; the first 128 are kept.
    public func addLink(_ link: SpanLink) {
        recording?.update { $0.add(link) }
    }

    /// Ends the span. Only the first call counts.
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        recording?.end { instant().nanosecondsSinceEpoch }
    }
}
