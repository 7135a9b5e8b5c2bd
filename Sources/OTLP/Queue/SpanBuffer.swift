internal import Synchronization

/// The queue between the threads that end spans and the exporter. No call waits for the exporter.
final class SpanBuffer: Sendable {
    /// What the exporter has to do.
    enum Signal {
        /// Look at the spans that wait.
        case spans
        /// Send the spans that wait now.
        case flush
    }

    private struct State {
        var queue: SpanQueue
        var exported = 0
        var failed = 0
        /// Wakes the exporter; nil while there is none.
        var signal: (@Sendable (Signal) -> Void)?
    }

    private let state: Mutex<State>

    init(_ limits: ScheduleLimits) {
        state = Mutex(State(queue: SpanQueue(limits)))
    }

    /// How many spans wait.
    var count: Int { state.withLock { $0.queue.count } }

    /// What became of the spans so far.
    var figures: OTLPFigures {
        state.withLock { OTLPFigures(exported: $0.exported, dropped: $0.queue.dropped, failed: $0.failed) }
    }

    func onSignal(_ signal: @escaping @Sendable (Signal) -> Void) {
        state.withLock { $0.signal = signal }
    }

    func append(_ span: FinishedSpan) {
        let signal = state.withLock { $0.queue.append(span) ? $0.signal : nil }
        signal?(.spans)
    }

    func flush() {
        let signal = state.withLock { $0.signal }
        signal?(.flush)
    }

    func takeBatch() -> [FinishedSpan] {
        state.withLock { $0.queue.takeBatch() }
    }

    func count(exported: Int, failed: Int) {
        state.withLock { state in
            state.exported += exported
            state.failed += failed
        }
    }

    func close() {
        state.withLock { $0.queue.close() }
    }

    func dropAll() {
        state.withLock { $0.queue.dropAll() }
    }
}
