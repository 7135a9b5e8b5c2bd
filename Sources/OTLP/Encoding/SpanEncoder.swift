internal import Tracing

/// Encodes spans as an ExportTraceServiceRequest of OTLP in JSON.
struct SpanEncoder: Sendable {
    private let resource: [(name: String, value: String)]
    private let scope: (name: String, version: String?)
    private let limits: SpanLimits

    init(_ configuration: OTLPConfiguration) {
        resource = configuration.resource
        scope = configuration.scope
        limits = SpanLimits(valueLength: configuration.valueLimit)
    }

    /// Returns the body of a request.
    func encode(_ spans: [FinishedSpan]) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.name("resourceSpans")
        json.beginArray()
        json.beginObject()
        json.name("resource")
        json.beginObject()
        json.name("attributes")
        json.beginArray()
        for (name, value) in resource { write(name, .string(value), to: &json) }
        json.endArray()
        json.endObject()
        json.name("scopeSpans")
        json.beginArray()
        json.beginObject()
        json.name("scope")
        json.beginObject()
        json.name("name")
        json.string(scope.name)
        if let version = scope.version {
            json.name("version")
            json.string(version)
        }
        json.endObject()
        json.name("spans")
        json.beginArray()
        for span in spans { write(span, to: &json) }
        json.endArray()
        json.endObject()
        json.endArray()
        json.endObject()
        json.endArray()
        json.endObject()
        return json.octets
    }

    private func write(_ span: FinishedSpan, to json: inout JSONWriter) {
        let contents = span.contents
        json.beginObject()
        write(span.context, to: &json)
        if let parent = span.parent {
            json.name("parentSpanId")
            json.identifier(parent.spanID.value)
        }
        json.name("flags")
        json.number(flags(isSampled: true, isRemote: span.parent?.isRemote ?? false))
        json.name("name")
        json.string(shown(contents.name))
        json.name("kind")
        json.number(kind(span.kind))
        json.name("startTimeUnixNano")
        json.decimal(span.start)
        json.name("endTimeUnixNano")
        json.decimal(span.end)
        write(contents.attributes, to: &json)
        write("droppedAttributesCount", contents.droppedAttributes, to: &json)
        if !contents.events.isEmpty {
            json.name("events")
            json.beginArray()
            for event in contents.events { write(event, to: &json) }
            json.endArray()
        }
        write("droppedEventsCount", contents.droppedEvents, to: &json)
        if !contents.links.isEmpty {
            json.name("links")
            json.beginArray()
            for link in contents.links { write(link, to: &json) }
            json.endArray()
        }
        write("droppedLinksCount", contents.droppedLinks, to: &json)
        if let status = contents.status { write(status, to: &json) }
        json.endObject()
    }

    private func write(_ context: SpanContext, to json: inout JSONWriter) {
        json.name("traceId")
        json.identifier(context.traceID.high, context.traceID.low)
        json.name("spanId")
        json.identifier(context.spanID.value)
        if context.state != .none {
            json.name("traceState")
            json.string(context.state.text)
        }
    }

    private func write(_ event: SpanEvent, to json: inout JSONWriter) {
        json.beginObject()
        json.name("timeUnixNano")
        json.decimal(event.nanosecondsSinceEpoch)
        json.name("name")
        json.string(shown(event.name))
        write(event.attributes, to: &json)
        json.endObject()
    }

    private func write(_ link: SpanLink, to json: inout JSONWriter) {
        guard let context = link.context.spanContext else { return }
        json.beginObject()
        write(context, to: &json)
        write(link.attributes, to: &json)
        json.name("flags")
        json.number(flags(isSampled: context.isSampled, isRemote: context.isRemote))
        json.endObject()
    }

    private func write(_ status: SpanStatus, to json: inout JSONWriter) {
        json.name("status")
        json.beginObject()
        if let message = status.message {
            json.name("message")
            json.string(shown(message))
        }
        json.name("code")
        json.number(status.code == .ok ? 1 : 2)
        json.endObject()
    }

    private func write(_ attributes: SpanAttributes, to json: inout JSONWriter) {
        if attributes.isEmpty { return }
        json.name("attributes")
        json.beginArray()
        attributes.forEach { name, value in write(name, value, to: &json) }
        json.endArray()
    }

    private func write(_ name: String, _ value: SpanAttribute, to json: inout JSONWriter) {
        json.beginObject()
        json.name("key")
        json.string(shown(name))
        json.name("value")
        write(value, to: &json)
        json.endObject()
    }

    private func write(_ value: SpanAttribute, to json: inout JSONWriter) {
        switch value {
        case .int32Array(let numbers): write(numbers.map { .int64(Int64($0)) }, to: &json)
        case .int64Array(let numbers): write(numbers.map { .int64($0) }, to: &json)
        case .doubleArray(let numbers): write(numbers.map { .double($0) }, to: &json)
        case .boolArray(let flags): write(flags.map { .bool($0) }, to: &json)
        case .stringArray(let texts): write(texts.map { .string($0) }, to: &json)
        default:
            json.beginObject()
            switch value {
            case .int32(let number):
                json.name("intValue")
                json.decimal(number)
            case .int64(let number):
                json.name("intValue")
                json.decimal(number)
            case .double(let number):
                json.name("doubleValue")
                json.double(number)
            case .bool(let flag):
                json.name("boolValue")
                json.bool(flag)
            case .string(let text):
                json.name("stringValue")
                json.string(shown(text))
            // SpanLimits makes strings of other values, and the type wants a default: an empty value is valid.
            default: break
            }
            json.endObject()
        }
    }

    private func write(_ values: [SpanAttribute], to json: inout JSONWriter) {
        json.beginObject()
        json.name("arrayValue")
        json.beginObject()
        json.name("values")
        json.beginArray()
        for value in values { write(value, to: &json) }
        json.endArray()
        json.endObject()
        json.endObject()
    }

    private func write(_ name: StaticString, _ count: Int, to json: inout JSONWriter) {
        guard count > 0 else { return }
        json.name(name)
        // The field has 32 bits.
        json.number(min(count, Int(UInt32.max)))
    }

    private func shown(_ text: String) -> String {
        SpanText.shown(text, limit: limits.valueLength)
    }

    /// The flags of OTLP: those of W3C, and whether a context is remote (bit 9), which is known (bit 8).
    private func flags(isSampled: Bool, isRemote: Bool) -> Int {
        (isSampled ? 1 : 0) | 0x100 | (isRemote ? 0x200 : 0)
    }

    private func kind(_ kind: SpanKind) -> Int {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}
