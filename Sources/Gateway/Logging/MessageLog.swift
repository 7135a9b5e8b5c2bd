internal import Logging
internal import SMTP

/// The log of messages: one line for each, without addresses or content.
struct MessageLog: Sendable {
    let logger: Logger

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
        metadata["code"] = .string(String(receipt.reply.code))
        metadata["text"] = .string(receipt.reply.text)
        metadata["recipients"] = .string(String(envelope.recipients.count))
        metadata["bytes"] = .string(String(octets))
        metadata["duration_ms"] = .string(Self.milliseconds(since: context.start))
        logger.info("message accepted", metadata: metadata)
    }

    /// A message that was given up on its way, because of its content or its client.
    func abandoned(_ id: String?, _ problem: Problem, _ context: RequestContext) {
        var metadata = Self.metadata(context)
        if let id { metadata["id"] = .string(id) }
        metadata["http_status"] = .string(String(problem.status))
        metadata["outcome"] = .string(SMTPOutcome.notSent.rawValue)
        metadata["detail"] = .string(problem.detail)
        metadata["duration_ms"] = .string(Self.milliseconds(since: context.start))
        logger.warning("message not accepted", metadata: metadata)
    }

    func failed(
        _ id: String, _ envelope: Envelope, _ problem: Problem, _ error: SMTPError, _ context: RequestContext
    ) {
        var metadata = Self.metadata(context)
        metadata["id"] = .string(id)
        metadata["http_status"] = .string(String(problem.status))
        metadata["reason"] = .string(error.reason.description)
        metadata["stage"] = .string(error.stage.rawValue)
        metadata["outcome"] = .string(error.outcome.rawValue)
        metadata["detail"] = .string(error.detail)
        metadata["recipients"] = .string(String(envelope.recipients.count))
        metadata["duration_ms"] = .string(Self.milliseconds(since: context.start))
        logger.warning("message not accepted", metadata: metadata)
    }

    /// What all lines of a request carry. Room for the rest is made at once: a line is written for every message.
    private static func metadata(_ context: RequestContext) -> Logger.Metadata {
        var metadata = Logger.Metadata(minimumCapacity: 12)
        metadata["request_id"] = .string(context.id)
        if let name = context.caller.name { metadata["key"] = .string(name) }
        if let index = context.index { metadata["batch_index"] = .string(String(index)) }
        if let trace = context.trace {
            metadata["trace_id"] = .string(trace.traceID)
            metadata["parent_id"] = .string(trace.parentID)
        }
        return metadata
    }

    private static func milliseconds(since start: ContinuousClock.Instant) -> String {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        return "\(microseconds / 1000).\(fraction)"
    }
}
