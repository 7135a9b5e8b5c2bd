import Testing
import Tracing

@testable import OTLP

@Suite struct TraceContextTests {
    private func extracted(_ fields: [String: String]) -> SpanContext? {
        var context = InstrumentationContext.topLevel
        Samples.tracer().0.extract(fields, into: &context, using: FieldExtractor())
        return context.spanContext
    }

    private func injected(_ context: InstrumentationContext) -> [String: String] {
        var fields: [String: String] = [:]
        Samples.tracer().0.inject(context, into: &fields, using: FieldInjector())
        return fields
    }

    @Test(arguments: [("00", false), ("01", true), ("03", true), ("fe", false)]) func theParentIsOfTheField(
        flags: String, isSampled: Bool
    ) throws {
        let parent = try #require(extracted(["traceparent": "00-\(Samples.trace)-\(Samples.span)-\(flags)"]))
        #expect(parent.traceID == TraceID(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736))
        #expect(parent.spanID == SpanID(0x00f0_67aa_0ba9_02b7))
        #expect(parent.isSampled == isSampled)
        #expect(parent.isRemote)
    }

    @Test(arguments: ["cc-\(Samples.trace)-\(Samples.span)-01", "01-\(Samples.trace)-\(Samples.span)-01-what-comes"])
    func aVersionOfTheFutureIsRead(field: String) {
        #expect(extracted(["traceparent": field])?.isSampled == true)
    }

    @Test(arguments: [
        "", "00", "00-\(Samples.trace)-\(Samples.span)", "00-\(Samples.trace)-\(Samples.span)-1",
        "00-\(Samples.trace)-\(Samples.span)-01-", "00-\(Samples.trace)-\(Samples.span)-011",
        "01-\(Samples.trace)-\(Samples.span)-011", "ff-\(Samples.trace)-\(Samples.span)-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(Samples.span)-01", "00-\(Samples.trace)-00F067AA0BA902B7-01",
        "00-00000000000000000000000000000000-\(Samples.span)-01", "00-\(Samples.trace)-0000000000000000-01",
        "00-\(Samples.trace)-\(Samples.span)-0g", "0g-\(Samples.trace)-\(Samples.span)-01",
        "00_\(Samples.trace)_\(Samples.span)_01", "00-\(Samples.trace)-\(Samples.span)-0é",
        " 00-\(Samples.trace)-\(Samples.span)-01",
    ]) func aMalformedParentIsIgnored(field: String) {
        #expect(extracted(["traceparent": field, "tracestate": "a=1"]) == nil)
    }

    @Test func aMalformedParentLeavesTheContextAsItWas() {
        var context = Samples.context()
        let before = context.spanContext
        Samples.tracer().0.extract(["traceparent": "00"], into: &context, using: FieldExtractor())
        #expect(context.spanContext == before)
        #expect(before != nil)
    }

    @Test(arguments: [
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (" a=1 ,\t,b=2", "a=1,b=2"), ("1a@system=x y!", "1a@system=x y!"), ("a_-*/9=~", "a_-*/9=~"), ("", ""),
    ]) func theStateIsKept(field: String, kept: String) {
        #expect(TraceState(field).text == kept)
    }

    @Test(arguments: [
        "a", "=1", "a=", "A=1", "1a=1", "a=1,a=2", "a=1=2", "a=ä", "a=\u{1}", "ä=1", "a@=1", "@a=1", "a@b@c=1",
        "a@1b=1", String(repeating: "a", count: 257) + "=1", "a=" + String(repeating: "x", count: 257),
        (0...32).map { "k\($0)=1" }.joined(separator: ","),
    ]) func aMalformedStateIsDroppedAndTheParentStays(field: String) {
        let parent = extracted(["traceparent": "00-\(Samples.trace)-\(Samples.span)-01", "tracestate": field])
        #expect(parent != nil)
        #expect(parent?.state == TraceState.none)
    }

    @Test func aLongStateLosesLongMembersFirst() {
        let long = "long=" + String(repeating: "x", count: 200)
        let short = (0..<30).map { "key\($0)=\(String(repeating: "y", count: 10))" }
        let state = TraceState(([long] + short).joined(separator: ","))
        #expect(!state.text.contains("long"))
        #expect(state.text.utf8.count <= 512)
        #expect(state.text.hasPrefix("key0="))
        #expect(TraceState(state.text) == state)
    }

    @Test func whatIsInjectedIsWhatWasExtracted() {
        #expect(
            injected(Samples.context("01", state: "a=1, b=2"))
                == ["traceparent": "00-\(Samples.trace)-\(Samples.span)-01", "tracestate": "a=1,b=2"])
        #expect(injected(Samples.context("00")) == ["traceparent": "00-\(Samples.trace)-\(Samples.span)-00"])
        #expect(injected(.topLevel) == [:])
    }

    @Test func aSpanIsInjectedWithItsOwnIdentifier() throws {
        let (tracer, _) = Samples.tracer()
        let span = tracer.startSpan("s", context: Samples.context(state: "a=1"))
        let field = try #require(injected(span.context)["traceparent"])
        #expect(field.hasPrefix("00-\(Samples.trace)-"))
        #expect(!field.contains(Samples.span))
        #expect(field.hasSuffix("-01"))
        #expect(injected(span.context)["tracestate"] == "a=1")
    }
}
