internal import SMTP
internal import Synchronization
internal import Tracing

/// The span of one message's exchange with one relay, from the wait for a session to the last reply.
///
/// The reply's text is left out: relays write addresses into it.
final class ExchangeSpan: Sendable {
    private let span: any Span
    private let hasEnded = Atomic<Bool>(false)

    init(_ span: any Span) {
        self.span = span
    }

    deinit {
        // A message that was given up on its way.
        if !hasEnded.load(ordering: .relaxed) { span.end() }
    }

    /// The relay took responsibility.
    func end(with receipt: Receipt) {
        span.updateAttributes { attributes in
            attributes["postern.outcome"] = receipt.status
            Self.add(receipt.reply, to: &attributes)
        }
        end()
    }

    /// The exchange failed.
    func end(with error: SMTPError) {
        span.updateAttributes { attributes in
            attributes["postern.outcome"] = error.messageOutcome.rawValue
            attributes["error.type"] = error.reason.description
            attributes["smtp.stage"] = error.stage.rawValue
            if let reply = error.reply { Self.add(reply, to: &attributes) }
        }
        span.setStatus(SpanStatus(code: .error))
        end()
    }

    private func end() {
        hasEnded.store(true, ordering: .relaxed)
        span.end()
    }

    private static func add(_ reply: Reply, to attributes: inout SpanAttributes) {
        attributes["smtp.reply.code"] = reply.code
        if let code = reply.enhancedCode { attributes["smtp.reply.enhanced_code"] = code.description }
    }
}
