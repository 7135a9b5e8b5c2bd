internal import Logging
internal import MailAddress
internal import SMTP

/// The log of messages: one line for each, without content, and without addresses where they are not asked for.
struct MessageLog: Sendable {
    let logger: Logger
    var showsAddresses = false

    /// Recipients that a line names at most; the number of all is there too.
    private static let recipientBound = 20

    func invalid(_ problem: Problem, _ context: RequestContext) {
        guard logger.logLevel <= .debug else { return }
        var metadata = Self.metadata(context)
        metadata["http_status"] = .string(String(problem.status))
        metadata["errors"] = .string(String(problem.errors.count))
        logger.debug("message refused", metadata: metadata)
    }

    func accepted(
        _ id: String, _ envelope: Envelope, octets: Int, _ receipt: Delivery.Receipt, _ context: RequestContext
    ) {
        guard logger.logLevel <= .info else { return }
        var metadata = Self.metadata(context)
        metadata["id"] = .string(id)
        metadata["status"] = .string(Answer.status(receipt))
        metadata["relay"] = .string(receipt.relay)
        metadata["code"] = .string(String(receipt.reply.code))
        metadata["text"] = .string(receipt.reply.text)
        metadata["recipients"] = .string(String(envelope.recipients.count))
        metadata["bytes"] = .string(String(octets))
        addAddresses(of: envelope, to: &metadata)
        metadata["queue_ms"] = .string(Self.milliseconds(receipt.times.queue))
        metadata["envelope_ms"] = .string(Self.milliseconds(receipt.times.envelope))
        metadata["content_ms"] = .string(Self.milliseconds(receipt.times.content))
        metadata["duration_ms"] = .string(Self.milliseconds(.now - context.start))
        logger.info("message accepted", metadata: metadata)
    }

    /// A message that was given up on its way, because of its content or its client.
    func abandoned(_ id: String?, _ problem: Problem, _ context: RequestContext) {
        var metadata = Self.metadata(context)
        if let id { metadata["id"] = .string(id) }
        metadata["http_status"] = .string(String(problem.status))
        metadata["outcome"] = .string(SMTPOutcome.notSent.rawValue)
        metadata["detail"] = .string(problem.detail)
        metadata["duration_ms"] = .string(Self.milliseconds(.now - context.start))
        logger.warning("message not accepted", metadata: metadata)
    }

    func failed(
        _ id: String, _ envelope: Envelope, _ problem: Problem, _ failure: DeliveryFailure, _ context: RequestContext
    ) {
        var metadata = Self.metadata(context)
        metadata["id"] = .string(id)
        metadata["relay"] = .string(failure.relay)
        metadata["http_status"] = .string(String(problem.status))
        metadata["reason"] = .string(failure.error?.reason.description ?? problem.label)
        if let code = failure.error?.code { metadata["code"] = .string(String(code)) }
        if let stage = problem.stage { metadata["stage"] = .string(stage.rawValue) }
        if let outcome = problem.outcome { metadata["outcome"] = .string(outcome.rawValue) }
        metadata["detail"] = .string(failure.error?.detail ?? problem.detail)
        metadata["recipients"] = .string(String(envelope.recipients.count))
        addAddresses(of: envelope, to: &metadata)
        metadata["duration_ms"] = .string(Self.milliseconds(.now - context.start))
        logger.warning("message not accepted", metadata: metadata)
    }

    private func addAddresses(of envelope: Envelope, to metadata: inout Logger.Metadata) {
        guard showsAddresses else { return }
        metadata["from"] = .string(envelope.reversePath?.description ?? "<>")
        metadata["to"] = .string(
            envelope.recipients.prefix(Self.recipientBound).map(\.description).joined(separator: ", "))
    }

    /// What all lines of a request carry. Room for the rest is made at once: a line is written for every message.
    private static func metadata(_ context: RequestContext) -> Logger.Metadata {
        var metadata = Logger.Metadata(minimumCapacity: 16)
        metadata["request_id"] = .string(context.id)
        if let name = context.caller.name { metadata["key"] = .string(name) }
        if let index = context.index { metadata["batch_index"] = .string(String(index)) }
        if let trace = context.trace {
            metadata["trace_id"] = .string(trace.traceID)
            metadata["parent_id"] = .string(trace.parentID)
        }
        return metadata
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration.nanoseconds / 1000
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        return "\(microseconds / 1000).\(fraction)"
    }
}
