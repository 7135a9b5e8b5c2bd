internal import Synchronization
internal import Tracing

/// A span that is recorded. When it ends, it goes into the buffer of the exporter.
final class SpanRecording: Sendable {
    private let context: SpanContext
    private let parent: SpanContext?
    private let kind: SpanKind
    private let start: UInt64
    private let limits: SpanLimits
    private let buffer: SpanBuffer
    /// What is known of it; nil after its end.
    private let contents: Mutex<SpanContents?>

    init(
        _ name: String, _ context: SpanContext, parent: SpanContext?, kind: SpanKind, start: UInt64, limits: SpanLimits,
        buffer: SpanBuffer
    ) {
        self.context = context
        self.parent = parent
        self.kind = kind
        self.start = start
        self.limits = limits
        self.buffer = buffer
        contents = Mutex(SpanContents(name: name))
    }

    /// Whether it has not ended.
    var isOpen: Bool { contents.withLock { $0 != nil } }

    /// Returns something of the contents; nil after the end.
    func read<Value: Sendable>(_ value: (SpanContents) -> Value) -> Value? {
        contents.withLock { $0.map(value) }
    }

    /// Changes the contents. Nothing happens after the end.
    func update(_ change: (inout SpanContents) -> Void) {
        contents.withLock { contents in
            guard var taken = contents.take() else { return }
            change(&taken)
            contents = taken
        }
    }

    /// Ends the span. Only the first call counts.
    func end(at time: () -> UInt64) {
        guard var contents = contents.withLock({ $0.take() }) else { return }
        let size = contents.bound(limits)
        // The clock of the machine may have been set back.
        buffer.append(
            FinishedSpan(
                context: context, parent: parent, kind: kind, start: start, end: max(start, time()), contents: contents,
                size: size))
    }
}
