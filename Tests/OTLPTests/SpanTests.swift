import Synchronization
import Testing
import Tracing

@testable import OTLP

@Suite struct SpanTests {
    private struct Refused: Error, CustomStringConvertible {
        var description: String { "bob@example.net refused" }
    }

    private func at(_ nanoseconds: UInt64) -> DefaultTracerClock.Timestamp {
        DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: nanoseconds)
    }

    /// What a span holds after its end.
    private func finished(
        limits: SpanLimits = SpanLimits(), _ work: (OTLPSpan) -> Void
    ) throws -> FinishedSpan {
        let (tracer, buffer) = Samples.tracer(limits: limits)
        let span = tracer.startSpan("s", context: .topLevel, at: at(10))
        work(span)
        span.end(at: at(20))
        return try #require(buffer.takeBatch().first)
    }

    @Test func aSpanHoldsWhatItWasTold() throws {
        let (tracer, buffer) = Samples.tracer()
        let parent = tracer.startSpan("parent", context: Samples.context(state: "a=1"), ofKind: .server, at: at(1))
        let span = tracer.startSpan("child", context: parent.context, ofKind: .client, at: at(2))
        span.operationName = "renamed"
        span.updateAttributes { $0["a"] = 1 }
        span.updateAttributes { $0["b"] = "text" }
        span.addEvent(SpanEvent(name: "event", at: at(3), attributes: ["c": true]))
        span.addLink(parent)
        span.setStatus(SpanStatus(code: .error, message: "why"))
        #expect(span.isRecording)
        #expect(span.operationName == "renamed")
        #expect(span.attributes == ["a": 1, "b": "text"])
        span.end(at: at(4))
        let ended = try #require(buffer.takeBatch().first)
        #expect(ended.context == span.context.spanContext)
        #expect(ended.parent == parent.context.spanContext)
        #expect(ended.context.state.text == "a=1")
        #expect(ended.kind == .client)
        #expect(ended.start == 2)
        #expect(ended.end == 4)
        #expect(ended.contents.name == "renamed")
        #expect(ended.contents.attributes == ["a": 1, "b": "text"])
        #expect(ended.contents.events.map(\.name) == ["event"])
        #expect(ended.contents.links.count == 1)
        #expect(ended.contents.status == SpanStatus(code: .error, message: "why"))
    }

    @Test func aSpanEndsOnce() throws {
        let (tracer, buffer) = Samples.tracer()
        let span = tracer.startSpan("s", context: .topLevel)
        span.end()
        span.attributes["late"] = true
        span.operationName = "late"
        span.end()
        #expect(!span.isRecording)
        #expect(buffer.count == 1)
        let ended = try #require(buffer.takeBatch().first)
        #expect(ended.contents.attributes.isEmpty)
        #expect(ended.contents.name == "s")
    }

    @Test func anEndIsNotBeforeItsStart() throws {
        let (tracer, buffer) = Samples.tracer()
        tracer.startSpan("s", context: .topLevel, at: at(10)).end(at: at(3))
        #expect(buffer.takeBatch().first?.end == 10)
    }

    @Test func anErrorIsRecordedByItsTypeOnly() throws {
        let ended = try finished { $0.recordError(Refused(), attributes: ["a": 1], at: at(15)) }
        let event = try #require(ended.contents.events.first)
        #expect(event.name == "exception")
        #expect(event.nanosecondsSinceEpoch == 15)
        #expect(event.attributes.count == 2)
        guard case .string(let type)? = event.attributes.get("exception.type") else {
            Issue.record("no type")
            return
        }
        #expect(type.contains("Refused"))
        #expect(!type.contains("bob"))
    }

    @Test func theStatusOKIsFinal() throws {
        let ended = try finished { span in
            span.setStatus(SpanStatus(code: .error))
            span.setStatus(SpanStatus(code: .ok))
            span.setStatus(SpanStatus(code: .error))
        }
        #expect(ended.contents.status == SpanStatus(code: .ok))
    }

    @Test func numbersAreBounded() throws {
        let ended = try finished { span in
            for number in 0..<130 { span.updateAttributes { $0["a\(1000 + number)"] = number } }
            for number in 0..<130 { span.addEvent(SpanEvent(name: "e\(number)")) }
            for _ in 0..<130 { span.addLink(span) }
        }
        #expect(ended.contents.attributes.count == 128)
        #expect(ended.contents.attributes.get("a1127") == 127)
        #expect(ended.contents.attributes.get("a1128") == nil)
        #expect(ended.contents.droppedAttributes == 2)
        #expect(ended.contents.events.map(\.name).last == "e127")
        #expect(ended.contents.droppedEvents == 2)
        #expect(ended.contents.links.count == 128)
        #expect(ended.contents.droppedLinks == 2)
    }

    @Test func attributesThatAreThereStay() throws {
        let ended = try finished { span in
            span.attributes = ["z": "first"]
            span.updateAttributes { attributes in
                for number in 0..<200 { attributes["a\(1000 + number)"] = number }
            }
        }
        #expect(ended.contents.attributes.get("z") == "first")
        #expect(ended.contents.attributes.get("a1126") == 126)
        #expect(ended.contents.attributes.get("a1127") == nil)
        #expect(ended.contents.droppedAttributes == 73)
    }

    @Test func valuesAreBounded() throws {
        let long = String(repeating: "é", count: 40)
        let ended = try finished(limits: SpanLimits(valueLength: 9)) { span in
            span.operationName = long
            span.attributes = ["text": .string(long), "texts": .stringArray([long, "short"]), "number": 7]
            span.addEvent(SpanEvent(name: long, attributes: ["text": .string(long)]))
            span.setStatus(SpanStatus(code: .error, message: long))
        }
        #expect(ended.contents.name == "éééé")
        #expect(ended.contents.attributes == ["text": "éééé", "texts": .stringArray(["éééé", "short"]), "number": 7])
        #expect(ended.contents.events.first?.name == "éééé")
        #expect(ended.contents.events.first?.attributes == ["text": "éééé"])
        #expect(ended.contents.status?.message == "éééé")
        #expect(ended.size < 1000)
    }

    @Test func aValueThatMayChangeIsTextAtTheEnd() throws {
        let ended = try finished {
            $0.attributes = ["a": .stringConvertible(7), "b": .stringConvertibleArray([1, "x"])]
        }
        #expect(ended.contents.attributes.get("a") == .string("7"))
        #expect(ended.contents.attributes.get("b") == .stringArray(["1", "x"]))
    }

    @Test func theSizeGrowsWithTheContents() throws {
        let small = try finished { _ in }
        let large = try finished { $0.attributes = ["a": .string(String(repeating: "x", count: 4000))] }
        #expect(large.size - small.size > 4000)
    }

    @Test func aLinkToNoSpanIsDropped() throws {
        let ended = try finished { $0.addLink(SpanLink(context: .topLevel, attributes: [:])) }
        #expect(ended.contents.links.isEmpty)
        #expect(ended.contents.droppedLinks == 1)
    }

    @Test func spansOfManyTasksAreNeitherLostNorDoubled() async {
        let (tracer, buffer) = Samples.tracer()
        let signals = Mutex(0)
        buffer.onSignal { _ in signals.withLock { $0 += 1 } }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<20 {
                group.addTask {
                    for number in 0..<100 {
                        let span = tracer.startSpan("\(task)-\(number)", context: .topLevel)
                        span.attributes["a"] = number
                        // Two tasks that end one span.
                        await withTaskGroup(of: Void.self) { ends in
                            ends.addTask { span.end() }
                            ends.addTask { span.end() }
                        }
                    }
                }
            }
        }
        #expect(buffer.count == 2000)
        var names: [String] = []
        while buffer.count > 0 { names += buffer.takeBatch().map(\.contents.name) }
        #expect(names.count == 2000)
        #expect(Set(names).count == 2000)
        #expect(buffer.figures == OTLPFigures())
        #expect(signals.withLock { $0 } == 2)
    }
}
