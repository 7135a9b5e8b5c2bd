internal import Tracing

/// What a span is given while it is open, within ``SpanLimits``.
struct SpanContents: Sendable {
    var name: String
    private(set) var attributes: SpanAttributes = [:]
    private(set) var droppedAttributes = 0
    private(set) var events: [SpanEvent] = []
    private(set) var droppedEvents = 0
    private(set) var links: [SpanLink] = []
    private(set) var droppedLinks = 0
    private(set) var status: SpanStatus?

    init(name: String) {
        self.name = name
    }

    mutating func set(_ new: SpanAttributes) {
        let (kept, dropped) = SpanLimits.counted(new, after: attributes)
        attributes = kept
        droppedAttributes += dropped
    }

    mutating func add(_ event: SpanEvent) {
        guard events.count < SpanLimits.maximumCount else {
            droppedEvents += 1
            return
        }
        var event = event
        event.attributes = SpanLimits.counted(event.attributes).0
        events.append(event)
    }

    mutating func add(_ link: SpanLink) {
        // A link to what is no span would be refused by the collector.
        guard links.count < SpanLimits.maximumCount, link.context.spanContext != nil else {
            droppedLinks += 1
            return
        }
        links.append(SpanLink(context: link.context, attributes: SpanLimits.counted(link.attributes).0))
    }

    /// Sets the status. The status `ok` is final.
    mutating func set(_ new: SpanStatus) {
        if status?.code != .ok { status = new }
    }

    /// Bounds the values, and returns an estimate of the size in octets.
    mutating func bound(_ limits: SpanLimits) -> Int {
        // What a span costs beside texts and attributes, in memory and encoded.
        var size = 400
        name = Self.bounded(name, limits)
        size += name.utf8.count
        if let set = status, let message = set.message {
            let bounded = Self.bounded(message, limits)
            status = SpanStatus(code: set.code, message: bounded)
            size += bounded.utf8.count
        }
        let (bounded, attributesSize) = limits.bounded(attributes)
        attributes = bounded
        size += attributesSize
        for index in events.indices {
            let event = events[index]
            let (bounded, eventSize) = limits.bounded(event.attributes)
            events[index] = SpanEvent(
                name: Self.bounded(event.name, limits),
                at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: event.nanosecondsSinceEpoch),
                attributes: bounded)
            size += 100 + events[index].name.utf8.count + eventSize
        }
        for index in links.indices {
            let (bounded, linkSize) = limits.bounded(links[index].attributes)
            links[index] = SpanLink(context: links[index].context, attributes: bounded)
            size += 150 + linkSize
        }
        return size
    }

    private static func bounded(_ text: String, _ limits: SpanLimits) -> String {
        text.utf8.count <= limits.valueLength ? text : SpanText.shown(text, limit: limits.valueLength)
    }
}
