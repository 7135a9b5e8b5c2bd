internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import Logging
internal import NIOCore
internal import SMTP
internal import Synchronization

/// One request's way: decode, check, compose, send, answer.
final class GatewayCore: HTTPHandler {
    let pool: SMTPSessionPool
    private let delivery: Delivery
    private let health: RelayHealth
    private let keys: APIKeys
    private let caughtMessages: (any CaughtMessages)?
    private let maximumMessageBytes: Int
    private let maximumInFlight: Int
    private let logger: Logger
    private let inboxes: [LoopInbox]
    private let nextLoop = Atomic<Int>(0)
    private let inFlight = Atomic<Int>(0)
    private let isDraining = Atomic<Bool>(false)

    init(
        _ configuration: GatewayConfiguration, eventLoops: [any EventLoop], caughtMessages: (any CaughtMessages)?,
        logger: Logger
    ) {
        pool = SMTPSessionPool(configuration.relay, limits: configuration.pool, on: eventLoops)
        delivery = Delivery(pool: pool)
        health = RelayHealth(configuration.relay)
        keys = configuration.keys
        self.caughtMessages = caughtMessages
        maximumMessageBytes = configuration.maximumMessageBytes
        maximumInFlight = configuration.maximumInFlight
        self.logger = logger
        inboxes = eventLoops.map { LoopInbox($0) }
    }

    /// From now on no new message is taken.
    func drain() {
        isDraining.store(true, ordering: .relaxed)
    }

    // MARK: The header section

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        do throws(Problem) {
            let route = try route(head)
            if !route.isOpen { try authorize(head) }
            guard case .sendMessage = route else { return .accept(maximumBodyBytes: 0) }
            try checkMessageHead(head)
            return .accept(maximumBodyBytes: maximumMessageBytes)
        } catch {
            return .refuse(error.response)
        }
    }

    func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse {
        Problem.tooLarge(limit: limit).response
    }

    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        (isHandled ? Problem.stopped : .draining).response
    }

    private func route(_ head: HTTPRequestHead) throws(Problem) -> Route {
        try Route(
            method: head.method, path: head.path, dryRun: head.query["dry_run"], hasSandbox: caughtMessages != nil)
    }

    private func authorize(_ head: HTTPRequestHead) throws(Problem) {
        guard !keys.isEmpty else { return }
        var key = head.headers["X-API-Key"]
        if let authorization = head.headers["Authorization"], authorization.lowercased().hasPrefix("bearer ") {
            key = String(authorization.dropFirst("bearer ".count))
        }
        guard let key, keys.name(of: key.trimmingCharacters(in: .whitespaces)) != nil else {
            throw .unauthorized(keyGiven: key != nil)
        }
    }

    private func checkMessageHead(_ head: HTTPRequestHead) throws(Problem) {
        if isDraining.load(ordering: .relaxed) { throw .draining }
        if inFlight.load(ordering: .relaxed) >= maximumInFlight { throw .full(limit: maximumInFlight) }
        let type = head.headers["Content-Type"]
        guard let type, Self.isJSON(type) else { throw .unsupportedMediaType(type) }
        if let coding = head.headers["Content-Encoding"], coding.lowercased() != "identity" {
            throw .unsupportedMediaType("application/json with Content-Encoding \(coding)")
        }
    }

    /// Whether a media type is application/json, whatever its parameters (RFC 9110, section 8.3.1).
    private static func isJSON(_ type: String) -> Bool {
        if type == "application/json" { return true }
        let essence = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
        return essence.lowercased() == "application/json"
    }

    // MARK: The whole request

    func handle(_ request: HTTPRequest, responder: HTTPResponder) {
        let route: Route
        do throws(Problem) {
            route = try self.route(request.head)
        } catch {
            responder.respond(error.response)
            return
        }
        switch route {
        case .sendMessage(let dryRun): send(request, dryRun: dryRun, responder)
        case .live: responder.respond(HealthAnswer.live)
        case .ready:
            Task(executorPreference: inboxes[0].executor) {
                let finding = await self.health.check()
                responder.respond(
                    HealthAnswer.ready(
                        relay: self.delivery.relay, finding, isDraining: self.isDraining.load(ordering: .relaxed),
                        version: Gateway.version))
            }
        case .sandboxMessages: responder.respond(SandboxAnswer.list(caughtMessages?.all() ?? []))
        case .sandboxMessage(let id):
            let message = caughtMessages?.message(id: id)
            responder.respond(message.map(SandboxAnswer.one) ?? Problem.notFound(request.head.path).response)
        case .deleteSandboxMessages:
            caughtMessages?.removeAll()
            responder.respond(HTTPResponse(status: 204, headers: [], body: []))
        }
    }

    /// Decoding and composing run here, on the HTTP server's thread; what waits for the relay goes on where the
    /// relay's session lives.
    private func send(_ request: HTTPRequest, dryRun: Bool, _ responder: HTTPResponder) {
        let start = ContinuousClock.now
        let composed: Composition
        do throws(Problem) {
            composed = try Composition(Submission(json: request.body))
        } catch {
            logger.debug("message refused", metadata: ["status": "\(error.status)", "errors": "\(error.errors.count)"])
            responder.respond(error.response)
            return
        }
        guard !dryRun else {
            responder.respond(Answer.dryRun(id: composed.id, envelope: composed.envelope, content: composed.content))
            return
        }
        inFlight.wrappingAdd(1, ordering: .relaxed)
        let turn = nextLoop.wrappingAdd(1, ordering: .relaxed).oldValue
        let inbox = inboxes[Int(UInt(bitPattern: turn) % UInt(inboxes.count))]
        inbox.add {
            Task.immediate(executorPreference: inbox.executor) {
                inbox.answer(responder, await self.answer(composed, on: inbox.loop, since: start))
                self.inFlight.wrappingSubtract(1, ordering: .relaxed)
            }
        }
    }

    func turnEnded() {
        for inbox in inboxes { inbox.handOver() }
    }

    private func answer(
        _ composed: Composition, on loop: any EventLoop, since start: ContinuousClock.Instant
    ) async -> HTTPResponse {
        do throws(SMTPError) {
            let receipt = try await delivery.send(composed.content, to: composed.envelope, on: loop)
            log(composed, receipt, since: start)
            return Answer.accepted(id: composed.id, relay: delivery.relay, receipt)
        } catch {
            let problem = Problem(error)
            log(composed, problem, error, since: start)
            return problem.response
        }
    }

    // MARK: The log: one line a message, without addresses or content

    private func log(_ message: Composition, _ receipt: Delivery.Receipt, since start: ContinuousClock.Instant) {
        guard logger.logLevel <= .info else { return }
        logger.info(
            "message accepted",
            metadata: [
                "id": .string(message.id),
                "status": .string(Answer.status(receipt)),
                "code": .string(String(receipt.reply.code)),
                "text": .string(receipt.reply.text),
                "recipients": .string(String(message.envelope.recipients.count)),
                "bytes": .string(String(message.content.count)),
                "duration_ms": .string(Self.milliseconds(since: start)),
            ])
    }

    private func log(
        _ message: Composition, _ problem: Problem, _ error: SMTPError, since start: ContinuousClock.Instant
    ) {
        logger.warning(
            "message not accepted",
            metadata: [
                "id": .string(message.id),
                "http_status": .string(String(problem.status)),
                "reason": .string(error.reason.description),
                "stage": .string(error.stage.rawValue),
                "outcome": .string(error.outcome.rawValue),
                "detail": .string(error.detail),
                "recipients": .string(String(message.envelope.recipients.count)),
                "duration_ms": .string(Self.milliseconds(since: start)),
            ])
    }

    private static func milliseconds(since start: ContinuousClock.Instant) -> String {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        return "\(microseconds / 1000).\(fraction)"
    }
}
