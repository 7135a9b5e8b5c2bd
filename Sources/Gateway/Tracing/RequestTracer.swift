internal import HTTPServer
internal import Tracing

/// Starts a span for each request that has messages to send.
///
/// There is one only if somebody has set a tracer up: that is looked at once, when the gateway starts, and without one
/// a message costs nothing here.
struct RequestTracer: Sendable {
    private let tracer: any Tracer

    /// - Parameter given: the tracer to use; nil for the one that the process was bootstrapped with.
    init?(_ given: (any Tracer)?) {
        let tracer = given ?? InstrumentationSystem.tracer
        guard !(tracer is NoOpTracer) else { return nil }
        self.tracer = tracer
    }

    /// The span of a request that has arrived, within the trace that its client names.
    func span(of head: HTTPRequestHead, _ admitted: AdmittedRequest) -> RequestSpan {
        var parent = InstrumentationContext.topLevel
        tracer.extract(head.headers, into: &parent, using: TraceContextFields())
        let span = tracer.startSpan("\(head.method) \(admitted.path)", context: parent, ofKind: .server)
        span.updateAttributes { attributes in
            attributes["http.request.method"] = head.method
            attributes["http.route"] = admitted.path
            attributes["url.path"] = head.path
            attributes["network.protocol.name"] = "http"
            attributes["postern.request_id"] = head.id
            if let name = admitted.caller.name { attributes["postern.key"] = name }
        }
        return RequestSpan(span, tracer)
    }
}

/// The fields of a request that a tracer sees (W3C Trace Context). It sees no others: one of them may be a key.
private struct TraceContextFields: Extractor {
    private static let names = ["traceparent", "tracestate"]

    func extract(key: String, from headers: HTTPHeaders) -> String? {
        Self.names.contains(key.lowercased()) ? headers[key] : nil
    }
}
