internal import HTTPServer
internal import Logging
internal import MailAddress
internal import SMTP

/// The log of messages: one line for each, without content, and without addresses where they are not asked for.
struct MessageLog: Sendable {
    let logger: Logger
    /// The logger's, which does not change; to ask the logger is a call through its handler.
    private let leastLevel: Logger.Level
    private let showsAddresses: Bool
    /// The logger's handler if it is our own, which takes fields as they are.
    private let handler: GatewayLogHandler?

    /// Keeps refusals from filling the log.
    private let limit = LineLimit()

    /// Pointers and characters of a path that a line has at most.
    private static let pointerBound = 10
    private static let pathBound = 200

    /// Recipients that a line names at most; the number of all is there too.
    private static let recipientBound = 20

    init(logger: Logger, showsAddresses: Bool = false) {
        self.logger = logger
        leastLevel = logger.logLevel
        self.showsAddresses = showsAddresses
        handler = logger.handler as? GatewayLogHandler
    }

    private func write(_ level: Logger.Level, _ message: String, _ fields: LogFields) {
        guard leastLevel <= level else { return }
        if let handler {
            handler.log(level, message, fields)
        } else {
            logger.log(level: level, "\(message)", metadata: fields.metadata)
        }
    }

    /// A message that is not valid, or that its caller may not send.
    func invalid(_ problem: Problem, _ context: MessageContext) {
        guard leastLevel <= .info, let omitted = limit.admit(problem.label) else { return }
        var fields = Self.fields(context)
        fields.add(.clientAddress, context.client.description)
        refuse(problem, omitted, &fields)
    }

    /// A request that was refused before it was handled.
    ///
    /// - Parameter head: nil if it could not be read as far as that.
    func refused(_ problem: Problem, _ request: HTTPRefusedRequest) {
        guard leastLevel <= .info, let omitted = limit.admit(problem.label) else { return }
        var fields = LogFields()
        fields.add(.requestID, request.id)
        fields.add(.clientAddress, request.client.description)
        if let head = request.head {
            fields.add(.requestMethod, head.method)
            fields.add(.urlPath, String(head.path.prefix(Self.pathBound)))
        }
        refuse(problem, omitted, &fields)
    }

    private func refuse(_ problem: Problem, _ omitted: Int, _ fields: inout LogFields) {
        fields.add(.responseStatus, problem.status)
        fields.add(.errorType, problem.label)
        let count = problem.errors.count + problem.unlistedErrors
        if count > 0 {
            fields.add("errors", count)
            // What a field holds is the client's, and is not written; its name says where to look.
            fields.add(
                "pointers", problem.errors.prefix(Self.pointerBound).map(\.pointer).joined(separator: " "))
        }
        if omitted > 0 { fields.add("omitted", omitted) }
        write(.info, "request refused", fields)
    }

    func accepted(
        _ id: String, _ envelope: Envelope, octets: Int, _ receipt: Receipt, _ context: MessageContext
    ) {
        guard leastLevel <= .info else { return }
        var fields = Self.fields(context)
        fields.add(.messageID, id)
        fields.add(.status, receipt.status)
        fields.add(.relay, receipt.relay)
        fields.add(.code, receipt.reply.code)
        fields.add(.text, receipt.reply.text)
        fields.add(.recipients, envelope.recipients.count)
        fields.add(.bytes, octets)
        addAddresses(of: envelope, to: &fields)
        fields.add(.queueTime, receipt.times.queue)
        fields.add(.envelopeTime, receipt.times.envelope)
        fields.add(.contentTime, receipt.times.content)
        fields.add(.duration, .now - context.start)
        write(.info, "message accepted", fields)
    }

    /// A message that was given up on its way, because of its content or its client.
    func abandoned(_ id: String?, _ problem: Problem, _ context: MessageContext) {
        var fields = Self.fields(context)
        if let id { fields.add(.messageID, id) }
        fields.add(.responseStatus, problem.status)
        fields.add("outcome", SMTPOutcome.notSent.rawValue)
        fields.add("detail", problem.detail)
        fields.add(.duration, .now - context.start)
        write(.warning, "message not accepted", fields)
    }

    func failed(
        _ id: String, _ envelope: Envelope, _ problem: Problem, _ failure: DeliveryFailure, _ context: MessageContext
    ) {
        var fields = Self.fields(context)
        fields.add(.messageID, id)
        fields.add(.relay, failure.relay)
        fields.add(.responseStatus, problem.status)
        fields.add(.errorType, failure.error?.reason.description ?? problem.label)
        if let code = failure.error?.code { fields.add(.code, code) }
        if let stage = problem.stage { fields.add("stage", stage.rawValue) }
        if let outcome = problem.outcome { fields.add("outcome", outcome.rawValue) }
        fields.add(
            "detail", failure.error.map { RelayFailure($0, relay: failure.relay).detail } ?? problem.detail)
        fields.add(.recipients, envelope.recipients.count)
        addAddresses(of: envelope, to: &fields)
        fields.add(.duration, .now - context.start)
        write(.warning, "message not accepted", fields)
    }

    private func addAddresses(of envelope: Envelope, to fields: inout LogFields) {
        guard showsAddresses else { return }
        fields.add("from", envelope.reversePath?.description ?? "<>")
        fields.add("to", envelope.recipients.prefix(Self.recipientBound).map(\.description).joined(separator: ", "))
    }

    /// What all lines of a request carry.
    private static func fields(_ context: MessageContext) -> LogFields {
        var fields = LogFields()
        fields.add(.requestID, context.id)
        if let name = context.caller.name { fields.add("key", name) }
        // A JSON document is what nearly all requests are.
        let dialect = context.admitted.dialect.name
        if dialect != "json" { fields.add("dialect", dialect) }
        if let index = context.index { fields.add("batch_index", index) }
        if let trace = context.trace {
            fields.add(.traceID, trace.traceID)
            fields.add(.spanID, trace.parentID)
        }
        return fields
    }
}
