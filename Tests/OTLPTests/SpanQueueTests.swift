import Testing

@testable import OTLP

@Suite struct SpanQueueTests {
    private func limits(queue: Int = 5, batch: Int = 2) -> ScheduleLimits {
        var limits = ScheduleLimits()
        limits.queueSize = queue
        limits.batchSize = batch
        return limits
    }

    /// Appends spans, and returns whether the exporter was to be woken for each.
    private func append(_ names: [String], to queue: inout SpanQueue) throws -> [Bool] {
        try names.map { queue.append(try Samples.finished($0)) }
    }

    @Test func theFirstSpanAndAFullBatchWakeTheExporter() throws {
        var queue = SpanQueue(limits())
        #expect(try append(["a", "b", "c", "d"], to: &queue) == [true, true, false, false])
        #expect(queue.takeBatch().map(\.contents.name) == ["a", "b"])
        #expect(queue.takeBatch().map(\.contents.name) == ["c", "d"])
        #expect(queue.takeBatch().isEmpty)
        #expect(try append(["e"], to: &queue) == [true])
    }

    @Test func theNewestIsDroppedIfTheQueueIsFull() throws {
        var queue = SpanQueue(limits(queue: 3, batch: 3))
        _ = try append(["a", "b", "c", "d", "e"], to: &queue)
        #expect(queue.count == 3)
        #expect(queue.dropped == 2)
        #expect(queue.takeBatch().map(\.contents.name) == ["a", "b", "c"])
    }

    @Test func theSizeIsBoundedToo() throws {
        var queue = SpanQueue(limits(queue: 100, batch: 100))
        for _ in 0..<5 { _ = queue.append(try Samples.finished(size: SpanQueue.maximumSize / 4)) }
        #expect(queue.count == 4)
        #expect(queue.dropped == 1)
        #expect(queue.takeBatch().count == 1)
        #expect(queue.append(try Samples.finished(size: SpanQueue.maximumSize / 4)) == false)
        #expect(queue.count == 4)
        // One that is larger than a batch may be goes by itself.
        var other = SpanQueue(limits(queue: 100, batch: 100))
        _ = other.append(try Samples.finished(size: SpanQueue.maximumBatchSize + 1))
        _ = other.append(try Samples.finished())
        #expect(other.takeBatch().count == 1)
        #expect(other.takeBatch().count == 1)
    }

    @Test func aClosedQueueDropsWhatComes() throws {
        var queue = SpanQueue(limits())
        _ = try append(["a"], to: &queue)
        queue.close()
        #expect(try append(["b"], to: &queue) == [false])
        #expect(queue.count == 1)
        queue.dropAll()
        #expect(queue.count == 0)
        #expect(queue.dropped == 2)
    }
}
