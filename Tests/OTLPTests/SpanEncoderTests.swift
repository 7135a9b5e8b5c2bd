import Testing
import Tracing

@testable import OTLP

@Suite struct SpanEncoderTests {
    private func at(_ nanoseconds: UInt64) -> DefaultTracerClock.Timestamp {
        DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: nanoseconds)
    }

    /// What a collector reads of a span.
    private func decoded(
        in context: InstrumentationContext = .topLevel, kind: SpanKind = .internal,
        _ environment: [String: String] = [:], _ work: (OTLPSpan) -> Void = { _ in }
    ) throws -> DecodedRequest.Span {
        let configuration = try Samples.configuration(environment)
        let (tracer, buffer) = Samples.tracer(limits: SpanLimits(valueLength: configuration.valueLimit))
        let span = tracer.startSpan("span", context: context, ofKind: kind, at: at(1_800_000_000_000_000_001))
        work(span)
        span.end(at: at(UInt64.max))
        let body = SpanEncoder(configuration).encode(buffer.takeBatch())
        return try #require(try DecodedRequest(body).spans.first)
    }

    @Test func aSpanIsReadAsItWasWritten() throws {
        let (tracer, _) = Samples.tracer()
        let other = tracer.startSpan("other", context: Samples.context("01", state: "b=2"))
        let span = try decoded(in: Samples.context("01", state: "a=1"), kind: .server) { span in
            span.attributes = [
                "text": "a \"quoted\" \\ text, Größe 😀", "int": .int64(.min), "int32": .int32(-7), "true": true,
                "double": 0.1, "texts": .stringArray(["a", ""]), "ints": .int64Array([1, -2]),
                "int32s": .int32Array([3]), "doubles": .doubleArray([1e300, -0.5]), "flags": .boolArray([true, false]),
                "none": .stringArray([]),
            ]
            span.addEvent(SpanEvent(name: "event", at: at(5), attributes: ["c": 3]))
            span.addLink(SpanLink(context: other.context, attributes: ["d": 4]))
            span.addLink(SpanLink(context: Samples.context("00"), attributes: [:]))
            span.setStatus(SpanStatus(code: .error, message: "why"))
        }
        #expect(span.traceId == Samples.trace)
        #expect(span.parentSpanId == Samples.span)
        #expect(span.spanId.count == 16)
        #expect(span.spanId != Samples.span)
        #expect(span.traceState == "a=1")
        #expect(span.flags == 0x301)
        #expect(span.kind == 2)
        #expect(span.startTimeUnixNano == "1800000000000000001")
        #expect(span.endTimeUnixNano == "18446744073709551615")
        #expect(span.status == DecodedRequest.Status(code: 2, message: "why"))
        #expect(span.value("text")?.stringValue == "a \"quoted\" \\ text, Größe 😀")
        #expect(span.value("int")?.intValue == "-9223372036854775808")
        #expect(span.value("int32")?.intValue == "-7")
        #expect(span.value("true")?.boolValue == true)
        #expect(span.value("double")?.doubleValue == 0.1)
        #expect(span.value("texts")?.arrayValue?.values.map(\.stringValue) == ["a", ""])
        #expect(span.value("ints")?.arrayValue?.values.map(\.intValue) == ["1", "-2"])
        #expect(span.value("int32s")?.arrayValue?.values.map(\.intValue) == ["3"])
        #expect(span.value("doubles")?.arrayValue?.values.map(\.doubleValue) == [1e300, -0.5])
        #expect(span.value("flags")?.arrayValue?.values.map(\.boolValue) == [true, false])
        #expect(span.value("none")?.arrayValue?.values.isEmpty == true)
        #expect(span.events?.first?.name == "event")
        #expect(span.events?.first?.timeUnixNano == "5")
        #expect(span.events?.first?.attributes?.first?.value.intValue == "3")
        #expect(span.links?.map(\.flags) == [0x101, 0x300])
        #expect(span.links?.map(\.traceState) == ["b=2", nil])
        #expect(span.links?.first?.attributes?.first?.key == "d")
    }

    @Test func whatIsEmptyIsLeftOut() throws {
        let span = try decoded()
        #expect(span.parentSpanId == nil)
        #expect(span.traceState == nil)
        #expect(span.attributes == nil)
        #expect(span.events == nil)
        #expect(span.links == nil)
        #expect(span.status == nil)
        #expect(span.droppedAttributesCount == nil)
        #expect(span.flags == 0x101)
        #expect(try decoded { $0.setStatus(SpanStatus(code: .ok)) }.status == DecodedRequest.Status(code: 1))
    }

    @Test(arguments: [(SpanKind.internal, 1), (.server, 2), (.client, 3), (.producer, 4), (.consumer, 5)])
    func aKindIsANumber(kind: SpanKind, number: Int) throws {
        #expect(try decoded(kind: kind).kind == number)
    }

    @Test func whatWasDroppedIsCounted() throws {
        let span = try decoded { span in
            for number in 0..<130 {
                span.attributes["\(number)"] = number
                span.addEvent(SpanEvent(name: "e"))
                span.addLink(span)
            }
        }
        #expect(span.attributes?.count == 128)
        #expect(span.droppedAttributesCount == 2)
        #expect(span.droppedEventsCount == 2)
        #expect(span.droppedLinksCount == 2)
    }

    @Test func noValueHasControlCharacters() throws {
        let span = try decoded { span in
            span.operationName = "a\u{1B}[31m"
            span.attributes = ["k\n": "one\r\ntwo\u{0}\u{9B}\u{202E}é", "list": .stringArray(["\u{7}"])]
        }
        #expect(span.name == "a\\u{1b}[31m")
        #expect(span.value("k\\u{a}")?.stringValue == "one\\u{d}\\u{a}two\\u{0}\\u{9b}\\u{202e}é")
        #expect(span.value("list")?.arrayValue?.values.first?.stringValue == "\\u{7}")
    }

    @Test func aValueIsNotLongerThanItsLimit() throws {
        let span = try decoded(["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "8"]) { span in
            span.attributes = ["a": "0123456789", "b": "\u{1}\u{2}", "c": "01234567"]
        }
        #expect(span.value("a")?.stringValue == "01234567")
        #expect(span.value("b")?.stringValue == "\\u{1}")
        #expect(span.value("c")?.stringValue == "01234567")
    }

    @Test func controlCharactersAreEscapedInJSON() {
        var json = JSONWriter()
        json.string("\u{1}\u{1F}\n\"\\")
        #expect(String(decoding: json.octets, as: UTF8.self) == #""\u0001\u001f\u000a\"\\""#)
    }

    @Test func whatIsNoNumberIsAString() {
        var json = JSONWriter()
        json.beginArray()
        for number in [Double.nan, .infinity, -.infinity, 1e-7, 5] { json.double(number) }
        json.endArray()
        #expect(String(decoding: json.octets, as: UTF8.self) == #"["NaN","Infinity","-Infinity",1e-07,5.0]"#)
    }

    @Test func theResourceAndTheScopeAreNamed() throws {
        let environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_RESOURCE_ATTRIBUTES": "region=Köln"]
        let configuration = try #require(try OTLPConfiguration(environment: environment, version: "1.2"))
        let request = try DecodedRequest(
            SpanEncoder(configuration).encode([try Samples.finished("a"), try Samples.finished("b")]))
        let resource = try #require(request.resourceSpans.first)
        #expect(request.resourceSpans.count == 1)
        #expect(resource.resource.attributes.first { $0.key == "service.name" }?.value.stringValue == "postern")
        #expect(resource.resource.attributes.first { $0.key == "region" }?.value.stringValue == "Köln")
        #expect(resource.scopeSpans.map(\.scope.name) == ["postern"])
        #expect(resource.scopeSpans.map(\.scope.version) == ["1.2"])
        #expect(request.spans.map(\.name) == ["a", "b"])
    }

    @Test(arguments: [
        ("", 0), ("{}", 0), (#"{"partialSuccess":{}}"#, 0), (#"{"partialSuccess":{"rejectedSpans":"3"}}"#, 3),
        (#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"no"}}"#, 3), ("[", 0), ("\u{8}\u{1}", 0),
        (#"{"partialSuccess":{"rejectedSpans":"x"}}"#, 0), (#"{"partialSuccess":{"rejectedSpans":-3}}"#, 0),
        (#"{"partialSuccess":{"rejectedSpans":99}}"#, 10), (#"{"partialSuccess":null}"#, 0),
        (String(repeating: "[", count: 60_000), 0),
    ]) func rejectedSpansAreRead(body: String, count: Int) {
        #expect(ExportAnswer.rejectedSpans(Array(body.utf8), of: 10) == count)
    }
}
