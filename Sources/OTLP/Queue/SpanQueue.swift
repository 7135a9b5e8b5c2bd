internal import DequeModule

/// The spans that wait, as a value: bounded in number and size. If it is full, the newest span is dropped.
struct SpanQueue {
    /// How many octets wait at most.
    static let maximumSize = 16 << 20
    /// How many octets a batch has at most, as long as one span has not more. Collectors refuse large requests (by default
    /// from 20 MiB).
    static let maximumBatchSize = 4 << 20

    private let limits: ScheduleLimits
    private var spans: Deque<FinishedSpan> = []
    private var size = 0
    private var isClosed = false
    /// How many spans were dropped.
    private(set) var dropped = 0

    init(_ limits: ScheduleLimits) {
        self.limits = limits
    }

    /// How many spans wait.
    var count: Int { spans.count }

    /// Appends a span, or drops it.
    ///
    /// - Returns: whether the exporter has to look: because this span is the first one, or because it fills a batch.
    mutating func append(_ span: FinishedSpan) -> Bool {
        guard !isClosed, spans.count < limits.queueSize, size + span.size <= Self.maximumSize else {
            dropped += 1
            return false
        }
        spans.append(span)
        size += span.size
        return spans.count == 1 || spans.count == limits.batchSize
    }

    /// Removes the oldest spans, as many as a request may have.
    mutating func takeBatch() -> [FinishedSpan] {
        var batch: [FinishedSpan] = []
        var batchSize = 0
        while batch.count < limits.batchSize, let span = spans.first,
            batch.isEmpty || batchSize + span.size <= Self.maximumBatchSize
        {
            batchSize += span.size
            batch.append(spans.removeFirst())
        }
        size -= batchSize
        return batch
    }

    /// Drops what comes from now on.
    mutating func close() {
        isClosed = true
    }

    /// Drops what waits.
    mutating func dropAll() {
        dropped += spans.count
        spans = []
        size = 0
    }
}
