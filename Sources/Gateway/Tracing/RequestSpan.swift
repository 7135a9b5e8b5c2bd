internal import SMTP
internal import Tracing

/// The span of a request, from its arrival to its answer. It holds no address, no header field and no text.
final class RequestSpan: Sendable {
    private let span: any Span
    private let tracer: any Tracer

    init(_ span: any Span, _ tracer: any Tracer) {
        self.span = span
        self.tracer = tracer
    }

    /// The span as the field `traceparent` names it (W3C Trace Context, section 3.2); nil if the tracer has another form.
    var traceParent: String? {
        var fields: [String: String] = [:]
        tracer.inject(span.context, into: &fields, using: FieldInjector())
        return fields["traceparent"]
    }

    /// The span of an exchange with a relay about one of the request's messages.
    func exchange(with relay: Relay, about message: MessageTrace) -> ExchangeSpan {
        let smtp = relay.configuration.smtp
        let span = tracer.startSpan("SMTP \(relay.name)", context: span.context, ofKind: .client)
        guard span.isRecording else { return ExchangeSpan(span) }
        span.updateAttributes { attributes in
            attributes["network.protocol.name"] = "smtp"
            attributes["network.transport"] = "tcp"
            attributes["server.address"] = smtp.host
            attributes["server.port"] = smtp.port
            attributes["messaging.message.id"] = message.id
            attributes["postern.relay"] = relay.name
            if let index = message.index { attributes["postern.batch_index"] = index }
        }
        return ExchangeSpan(span)
    }

    /// The request was answered.
    func end(status: Int) {
        span.updateAttributes { attributes in
            attributes["http.response.status_code"] = status
            // What the client did wrong is no error of the server's span.
            if status >= 500 { attributes["error.type"] = String(status) }
        }
        if status >= 500 { span.setStatus(SpanStatus(code: .error)) }
        span.end()
    }
}

/// Writes fields into a dictionary.
private struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
        carrier[key] = value
    }
}
