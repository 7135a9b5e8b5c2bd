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

    private static let refused = "request refused"
    private static let notAccepted = "message not accepted"

    /// Recipients that a line names at most; the number of all is there too.
    private static let recipientBound = 20

    init(logger: Logger, showsAddresses: Bool = false) {
        self.logger = logger
        leastLevel = logger.logLevel
        self.showsAddresses = showsAddresses
        handler = logger.handler as? GatewayLogHandler
    }

    /// Begins a line.
    ///
    /// - Returns: nil if lines of the level are not written.
    private func begin(_ level: Logger.Level, _ message: String) -> LogLine? {
        guard leastLevel <= level else { return nil }
        return LogLine(level, message, of: handler)
    }

    /// Begins a line with what all lines of a request carry.
    private func begin(_ level: Logger.Level, _ message: String, _ context: MessageContext) -> LogLine? {
        guard var line = begin(level, message) else { return nil }
        line.add(.requestID, context.id)
        if let name = context.caller.name { line.add("key", name) }
        // A JSON document is what nearly all requests are.
        let dialect = context.admitted.dialect.name
        if dialect != "json" { line.add("dialect", dialect) }
        if let index = context.index { line.add("batch_index", index) }
        if let trace = context.trace {
            line.add(.traceID, trace.traceID)
            line.add(.spanID, trace.parentID)
        }
        return line
    }

    private func write(_ line: consuming LogLine) {
        line.write(to: handler, logger)
    }

    /// A message that is not valid, or that its caller may not send.
    func invalid(_ problem: Problem, _ context: MessageContext) {
        guard leastLevel <= .info, let omitted = limit.admit(problem.label),
            var line = begin(.info, Self.refused, context)
        else { return }
        line.add(.clientAddress, context.client.description)
        write(line, of: problem, omitted)
    }

    /// A request that was refused before it was handled.
    ///
    /// - Parameter head: nil if it could not be read as far as that.
    func refused(_ problem: Problem, _ request: HTTPRefusedRequest) {
        guard leastLevel <= .info, let omitted = limit.admit(problem.label), var line = begin(.info, Self.refused)
        else { return }
        line.add(.requestID, request.id)
        line.add(.clientAddress, request.client.description)
        if let head = request.head {
            line.add(.requestMethod, head.method)
            line.add(.urlPath, String(head.path.prefix(Self.pathBound)))
        }
        write(line, of: problem, omitted)
    }

    private func write(_ line: consuming LogLine, of problem: Problem, _ omitted: Int) {
        line.add(.responseStatus, problem.status)
        line.add(.errorType, problem.label)
        let count = problem.errors.count + problem.unlistedErrors
        if count > 0 {
            line.add("errors", count)
            // What a field holds is the client's, and is not written; its name says where to look.
            line.add(
                "pointers", problem.errors.prefix(Self.pointerBound).map(\.pointer).joined(separator: " "))
        }
        if omitted > 0 { line.add("omitted", omitted) }
        write(line)
    }

    func accepted(
        _ id: String, _ envelope: Envelope, octets: Int, _ receipt: Receipt, _ context: MessageContext
    ) {
        guard var line = begin(.info, "message accepted", context) else { return }
        line.add(.messageID, id)
        line.add(.status, receipt.status)
        line.add(.relay, receipt.relay)
        line.add(.code, receipt.reply.code)
        line.add(.text, receipt.reply.text)
        line.add(.recipients, envelope.recipients.count)
        line.add(.bytes, octets)
        addAddresses(of: envelope, to: &line)
        line.add(.queueTime, receipt.times.queue)
        line.add(.envelopeTime, receipt.times.envelope)
        line.add(.contentTime, receipt.times.content)
        line.add(.duration, .now - context.start)
        write(line)
    }

    /// A message that was given up on its way, because of its content or its client.
    func abandoned(_ id: String?, _ problem: Problem, _ context: MessageContext) {
        guard var line = begin(.warning, Self.notAccepted, context) else { return }
        if let id { line.add(.messageID, id) }
        line.add(.responseStatus, problem.status)
        line.add("outcome", SMTPOutcome.notSent.rawValue)
        line.add("detail", problem.detail)
        line.add(.duration, .now - context.start)
        write(line)
    }

    func failed(
        _ id: String, _ envelope: Envelope, _ problem: Problem, _ failure: DeliveryFailure, _ context: MessageContext
    ) {
        guard var line = begin(.warning, Self.notAccepted, context) else { return }
        line.add(.messageID, id)
        line.add(.relay, failure.relay)
        line.add(.responseStatus, problem.status)
        line.add(.errorType, failure.error?.reason.description ?? problem.label)
        if let code = failure.error?.code { line.add(.code, code) }
        if let stage = problem.stage { line.add("stage", stage.rawValue) }
        if let outcome = problem.outcome { line.add("outcome", outcome.rawValue) }
        line.add(
            "detail", failure.error.map { RelayFailure($0, relay: failure.relay).detail } ?? problem.detail)
        line.add(.recipients, envelope.recipients.count)
        addAddresses(of: envelope, to: &line)
        line.add(.duration, .now - context.start)
        write(line)
    }

    private func addAddresses(of envelope: Envelope, to line: inout LogLine) {
        guard showsAddresses else { return }
        line.add("from", envelope.reversePath?.description ?? "<>")
        line.add("to", envelope.recipients.prefix(Self.recipientBound).map(\.description).joined(separator: ", "))
    }
}
