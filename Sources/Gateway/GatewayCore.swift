internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import Logging
internal import NIOCore
internal import SMTP
internal import Synchronization

/// One request's way: decode, check, compose, send, answer.
final class GatewayCore: HTTPHandler {
    let metrics: GatewayMetrics
    private let dispatch: Dispatch
    private let health: RelayHealth
    private let eventLoops: [any EventLoop]
    /// What a reload replaces.
    private let current: Mutex<(relays: RelaySet, access: AccessControl)>
    private let signer: DKIMSigner?
    private let caughtMessages: (any CaughtMessages)?
    /// Whether only this host can reach the gateway.
    private let isLoopback: Bool
    private let maximumMessageBytes: Int
    private let maximumInFlight: Int
    private let log: MessageLog
    private let tracer: RequestTracer?
    private let isLeaving = Atomic<Bool>(false)
    private let isDraining = Atomic<Bool>(false)

    init(
        _ configuration: GatewayConfiguration, eventLoops: [any EventLoop], caughtMessages: (any CaughtMessages)?,
        idempotencyStore: any IdempotencyStore, metrics: GatewayMetrics, tracer: RequestTracer?, logger: Logger
    ) {
        let relays = RelaySet(configuration, on: eventLoops, metrics: metrics)
        log = MessageLog(logger: logger, showsAddresses: configuration.logsAddresses)
        dispatch = Dispatch(
            eventLoops.map { Delivery(relays, metrics.registry, on: $0) }, idempotency: idempotencyStore,
            domain: configuration.hostDomain,
            log: log)
        health = RelayHealth(relays.relays)
        isLoopback = GatewayConfiguration.isLoopback(configuration.listenHost)
        current = Mutex((relays, AccessControl(configuration.access, isLoopback: isLoopback)))
        self.metrics = metrics
        self.tracer = tracer
        self.eventLoops = eventLoops
        signer = configuration.signer
        self.caughtMessages = caughtMessages
        maximumMessageBytes = configuration.maximumMessageBytes
        maximumInFlight = configuration.maximumInFlight
    }

    // MARK: The configuration

    /// Takes over keys, relays and routes. Messages under way stay where they are, and a relay that has not changed keeps
    /// its sessions.
    func reload(_ configuration: GatewayConfiguration) async {
        let relays = current.withLock { current in
            let relays = RelaySet(configuration, on: eventLoops, metrics: metrics, previous: current.relays)
            current = (relays, AccessControl(configuration.access, isLoopback: isLoopback))
            return relays
        }
        dispatch.use(relays)
        await health.use(relays.relays)
        metrics.reloaded(true)
    }

    // MARK: The end

    /// From now on the gateway says that it is not ready.
    func leave() {
        isLeaving.store(true, ordering: .relaxed)
    }

    /// From now on no new message is taken.
    func drain() {
        leave()
        isDraining.store(true, ordering: .relaxed)
    }

    /// Ends all sessions.
    func shutdown() async {
        await health.stop()
        dispatch.shutdown()
        for relay in current.withLock({ $0.relays.relays }) { await relay.shutdown(grace: .seconds(1)) }
    }

    // MARK: The header section

    private var access: AccessControl { current.withLock(\.access) }

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        do throws(Problem) {
            let access = access
            try access.checkOrigin(of: head)
            let route = try Route(head, hasSandbox: caughtMessages != nil)
            let caller = route.isOpen ? nil : try access.caller(of: head)
            guard route.takesMessages, let caller else { return .accept(maximumBodyBytes: 0, context: caller) }
            let kind = try checkMessageHead(head, route)
            // What is known under an Idempotency-Key is answered first, whatever the state of the gateway.
            let isKeyed = head.headers[IdempotencyKey.field] != nil
            if !isKeyed { try checkRoom(for: route, caller, access) }
            switch kind {
            // Under a key a message must not go out before it is known whether it is the same: it is read to its end.
            case .raw where route == .sendMessage(dryRun: false) && !isKeyed:
                return .stream(maximumBodyBytes: maximumMessageBytes, context: caller)
            case .form:
                return .form(
                    maximumBodyBytes: maximumMessageBytes, maximumParts: FormDocument.maximumParts, context: caller)
            case .json, .raw: return .accept(maximumBodyBytes: maximumMessageBytes, context: caller)
            }
        } catch {
            return .refuse(Self.refusal(error, of: head).response)
        }
    }

    /// A refusal at the door. Under an Idempotency-Key the message may have been sent before, so it claims no outcome.
    private static func refusal(_ problem: Problem, of head: HTTPRequestHead) -> Problem {
        guard [429, 503].contains(problem.status), head.headers[IdempotencyKey.field] != nil else { return problem }
        var problem = problem
        problem.outcome = nil
        return problem
    }

    /// Whether there is room for a message now.
    ///
    /// - Parameter isCounted: whether the message is among those that are under way.
    /// - Throws: a ``Problem`` with 503 or 429.
    private func checkRoom(
        for route: Route, _ caller: Caller, _ access: AccessControl, isCounted: Bool = false
    ) throws(Problem) {
        if isDraining.load(ordering: .relaxed) { throw .draining }
        if dispatch.inFlight - (isCounted ? 1 : 0) >= maximumInFlight { throw .full(limit: maximumInFlight) }
        // The messages of a batch are counted one by one, once they are known; a dry run sends none.
        if route == .sendMessage(dryRun: false) { try access.takeMessage(of: caller) }
    }

    func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse {
        (limit == 0 ? Problem.bodyNotAllowed(head.method) : .tooLarge(limit: limit)).response
    }

    func malformed(_ head: HTTPRequestHead, _ error: HTTPFormError) -> HTTPResponse {
        Problem.malformedForm(error).response
    }

    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        Self.refusal(isHandled ? .stopped : .draining, of: head).response
    }

    private func checkMessageHead(_ head: HTTPRequestHead, _ route: Route) throws(Problem) -> BodyKind {
        if let coding = head.headers["Content-Encoding"], coding.lowercased() != "identity" {
            throw .unsupportedContentCoding(coding)
        }
        guard let kind = BodyKind(head) else { throw .unsupportedMediaType(head.headers["Content-Type"]) }
        // A batch is a JSON array.
        if case .sendBatch = route, kind != .json { throw .unsupportedBatchType(head.headers["Content-Type"]) }
        return kind
    }

    // MARK: The whole request

    func handle(_ request: HTTPRequest, responder: HTTPResponder) {
        let route: Route
        do throws(Problem) {
            route = try Route(request.head, hasSandbox: caughtMessages != nil)
        } catch {
            responder.respond(error.response)
            return
        }
        switch route {
        case .sendMessage(let dryRun): send(request, dryRun: dryRun, responder)
        case .sendBatch(let dryRun, let stopsOnError):
            sendBatch(request, dryRun: dryRun, stopsOnError: stopsOnError, responder)
        case .live: responder.respond(HealthAnswer.live)
        case .ready: Task(executorPreference: dispatch.executor) { responder.respond(await self.ready()) }
        case .metrics: Task(executorPreference: dispatch.executor) { responder.respond(await self.figures()) }
        case .openAPI(.yaml): responder.respond(OpenAPIDocument.yaml.answer(to: request.head))
        case .openAPI(.json): responder.respond(OpenAPIDocument.json.answer(to: request.head))
        case .console: responder.respond(ConsoleDocument.page.answer(to: request.head))
        case .options(let methods): responder.respond(Answer.options(methods))
        case .sandboxMessages: responder.respond(SandboxAnswer.list(caughtMessages?.all() ?? []))
        case .sandboxMessage(let id):
            let message = caughtMessages?.message(id: id)
            responder.respond(message.map(SandboxAnswer.one) ?? Problem.notFound(request.head.path).response)
        case .deleteSandboxMessages:
            caughtMessages?.removeAll()
            responder.respond(HTTPResponse(status: 204, headers: [], body: []))
        }
    }

    func handle(_ request: HTTPStreamedRequest, responder: HTTPResponder) {
        let context = RequestContext(request.head, request.context, tracer)
        let access = access
        dispatch.send(request, context, responder) { message throws(Problem) in
            try access.check(message.authors, message.envelope, of: context.caller)
        }
    }

    func handle(_ request: HTTPFormRequest, responder: HTTPResponder) {
        let context = RequestContext(request.head, request.context, tracer)
        do throws(Problem) {
            let route = try Route(request.head, hasSandbox: caughtMessages != nil)
            let key = try Self.idempotencyKey(request.head, context)
            if let first = request.parts.first, first.filename == nil,
                ["{", "["].contains(first.name.first { !$0.isWhitespace }),
                request.head.headers["Content-Type"]?.lowercased().hasPrefix("multipart/") == false
            {
                throw .jsonAsForm
            }
            let composed = try composition(
                Submission(FormDocument(request.parts).document, .beside(request.head.query)), context)
            send(
                composed, dryRun: route == .sendMessage(dryRun: true), once: key, MessageFingerprint(request), context,
                responder)
        } catch {
            log.invalid(error, context)
            responder.respond(context.answered(with: error.response))
        }
    }

    /// Decoding and composing run here, on the HTTP server's thread; what waits for the relay goes on where the
    /// relay's session lives.
    private func send(_ request: HTTPRequest, dryRun: Bool, _ responder: HTTPResponder) {
        let context = RequestContext(request.head, request.context, tracer)
        do throws(Problem) {
            let key = try Self.idempotencyKey(request.head, context)
            if request.body.isEmpty, BodyKind(request.head) == .json { throw .emptyBody }
            // A raw message comes here only where it is not to be streamed.
            let isRaw = (dryRun || key != nil) && BodyKind(request.head) == .raw
            let composed =
                isRaw
                ? try RawMessage.composition(request, domain: dispatch.domain) { message throws(Problem) in
                    try access.check(message.authors, message.envelope, of: context.caller)
                } : try composition(Submission(json: request.body, .beside(request.head.query)), context)
            send(composed, dryRun: dryRun, once: key, MessageFingerprint(request), context, responder)
        } catch {
            log.invalid(error, context)
            responder.respond(context.answered(with: error.response))
        }
    }

    /// Sends a composed message, or says what would be sent.
    ///
    /// - Parameter fingerprint: made only where there is a key.
    private func send(
        _ composed: Composition, dryRun: Bool, once key: IdempotencyKey?,
        _ fingerprint: @autoclosure () -> MessageFingerprint, _ context: RequestContext, _ responder: HTTPResponder
    ) {
        if dryRun {
            responder.respond(context.answered(with: Answer.dryRun(composed)))
        } else if let key {
            dispatch.send(composed, once: key, fingerprint(), context, responder) { () throws(Problem) in
                try self.checkRoom(
                    for: .sendMessage(dryRun: false), context.caller, self.access, isCounted: true)
            }
        } else {
            dispatch.send(composed, context, responder)
        }
    }

    private func sendBatch(_ request: HTTPRequest, dryRun: Bool, stopsOnError: Bool, _ responder: HTTPResponder) {
        let context = RequestContext(request.head, request.context, tracer)
        do throws(Problem) {
            let access = access
            let key = try Self.idempotencyKey(request.head, context)
            let batch = try Batch(json: request.body, stopsOnError: stopsOnError, signer: signer) {
                submission throws(Problem) in
                try access.check(submission, of: context.caller)
                if !dryRun, key == nil { try access.takeMessage(of: context.caller) }
            }
            if dryRun {
                responder.respond(context.answered(with: batch.dryRun()))
            } else {
                dispatch.send(
                    batch, once: key.map { ($0, MessageFingerprint(request)) }, context, responder,
                    hasRoom: { () throws(Problem) in
                        try self.checkRoom(
                            for: .sendBatch(dryRun: false, stopsOnError: stopsOnError), context.caller, access)
                    }, isDue: { () throws(Problem) in try access.takeMessage(of: context.caller) })
            }
        } catch {
            log.invalid(error, context)
            responder.respond(context.answered(with: error.response))
        }
    }

    /// Composes a message that the caller may send.
    private func composition(_ submission: Submission, _ context: RequestContext) throws(Problem) -> Composition {
        try access.check(submission, of: context.caller)
        return try Composition(submission, signer: signer)
    }

    private static func idempotencyKey(
        _ head: HTTPRequestHead, _ context: RequestContext
    ) throws(Problem) -> IdempotencyKey? {
        // Most requests have none.
        guard head.headers[IdempotencyKey.field] != nil else { return nil }
        return try IdempotencyKey(head.headers.values(IdempotencyKey.field), of: context.caller)
    }

    // MARK: The state

    private func ready() async -> HTTPResponse {
        // Whoever asks is to hear at once that this instance is leaving, and the relays need not be asked for that.
        let findings = isLeaving.load(ordering: .relaxed) ? await health.last : await health.check()
        let choices = current.withLock { $0.relays.choices.map { $0.map(\.name) } }
        return HealthAnswer.ready(
            findings, choices: choices, isDraining: isLeaving.load(ordering: .relaxed), version: Gateway.version)
    }

    private func figures() async -> HTTPResponse {
        let up = Dictionary(
            await health.last.map { ($0.name, $0.error == nil) }, uniquingKeysWith: { first, _ in first })
        var relays: [GatewayMetrics.Figures.OfRelay] = []
        for relay in current.withLock({ $0.relays.relays }) {
            relays.append(
                GatewayMetrics.Figures.OfRelay(
                    name: relay.name, pool: await relay.pool.figures, breaker: relay.breakerState, isUp: up[relay.name])
            )
        }
        let text = metrics.text(
            GatewayMetrics.Figures(
                relays: relays, inFlight: dispatch.inFlight, isDraining: isLeaving.load(ordering: .relaxed)))
        return HTTPResponse(
            status: 200, headers: [("Content-Type", PrometheusText.contentType)], body: Array(text.utf8))
    }

    func refused(_ error: HTTPRequestError) -> HTTPResponse {
        Problem(error).response
    }

    func answered(_ head: HTTPRequestHead?, status: Int, thread: Int) {
        metrics.answered(head?.path ?? "", status: status, thread: thread)
    }

    func gaveUp(connections: Int) {
        log.logger.info(
            "connections were closed: their clients took longer than POSTERN_REQUEST_TIMEOUT",
            metadata: ["connections": "\(connections)"])
    }

    func turnEnded() {
        dispatch.handOver()
    }
}
