internal import Foundation
internal import HTTPServer
internal import Logging
internal import NIOCore
internal import SMTP
internal import Synchronization

/// One request's way: decode, check, compose, send, answer.
final class GatewayCore: HTTPHandler {
    let pool: SMTPSessionPool
    private let dispatch: Dispatch
    private let health: RelayHealth
    private let keys: APIKeys
    private let caughtMessages: (any CaughtMessages)?
    private let maximumMessageBytes: Int
    private let maximumInFlight: Int
    private let log: MessageLog
    private let isDraining = Atomic<Bool>(false)

    init(
        _ configuration: GatewayConfiguration, eventLoops: [any EventLoop], caughtMessages: (any CaughtMessages)?,
        idempotencyStore: any IdempotencyStore, logger: Logger
    ) {
        pool = SMTPSessionPool(configuration.relay, limits: configuration.pool, on: eventLoops)
        log = MessageLog(logger: logger)
        dispatch = Dispatch(Delivery(pool: pool), on: eventLoops, idempotency: idempotencyStore, log: log)
        health = RelayHealth(configuration.relay)
        keys = configuration.keys
        self.caughtMessages = caughtMessages
        maximumMessageBytes = configuration.maximumMessageBytes
        maximumInFlight = configuration.maximumInFlight
    }

    /// From now on no new message is taken.
    func drain() {
        isDraining.store(true, ordering: .relaxed)
    }

    // MARK: The header section

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        do throws(Problem) {
            let route = try Route(head, hasSandbox: caughtMessages != nil)
            let caller = route.isOpen ? .anonymous : try keys.caller(of: head.headers)
            guard route.takesMessages else { return .accept(maximumBodyBytes: 0, context: caller) }
            switch try checkMessageHead(head, route) {
            // Under a key a message must not go out before it is known whether it is the same: it is read to its end.
            case .raw where route == .sendMessage(dryRun: false) && head.headers[IdempotencyKey.field] == nil:
                return .stream(maximumBodyBytes: maximumMessageBytes, context: caller)
            case .form:
                return .form(
                    maximumBodyBytes: maximumMessageBytes, maximumParts: FormDocument.maximumParts, context: caller)
            case .json, .raw: return .accept(maximumBodyBytes: maximumMessageBytes, context: caller)
            }
        } catch {
            return .refuse(error.response)
        }
    }

    func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse {
        (limit == 0 ? Problem.bodyNotAllowed(head.method) : .tooLarge(limit: limit)).response
    }

    func malformed(_ head: HTTPRequestHead, _ error: HTTPFormError) -> HTTPResponse {
        Problem.malformedForm(error).response
    }

    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        (isHandled ? Problem.stopped : .draining).response
    }

    private func checkMessageHead(_ head: HTTPRequestHead, _ route: Route) throws(Problem) -> BodyKind {
        if isDraining.load(ordering: .relaxed) { throw .draining }
        if dispatch.inFlight >= maximumInFlight { throw .full(limit: maximumInFlight) }
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
        case .ready:
            Task(executorPreference: dispatch.executor) {
                let finding = await self.health.check()
                responder.respond(
                    HealthAnswer.ready(
                        relay: self.dispatch.delivery.relay, finding,
                        isDraining: self.isDraining.load(ordering: .relaxed), version: Gateway.version))
            }
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
        dispatch.send(request, RequestContext(request.head, request.context), responder)
    }

    func handle(_ request: HTTPFormRequest, responder: HTTPResponder) {
        let context = RequestContext(request.head, request.context)
        do throws(Problem) {
            let route = try Route(request.head, hasSandbox: caughtMessages != nil)
            let composed = try Composition(Submission(FormDocument(request.parts).document))
            if route == .sendMessage(dryRun: true) {
                responder.respond(Answer.dryRun(composed))
            } else if let key = try Self.idempotencyKey(request.head, context) {
                dispatch.send(composed, once: key, MessageFingerprint(request), context, responder)
            } else {
                dispatch.send(composed, context, responder)
            }
        } catch {
            log.invalid(error, context)
            responder.respond(error.response)
        }
    }

    /// Decoding and composing run here, on the HTTP server's thread; what waits for the relay goes on where the
    /// relay's session lives.
    private func send(_ request: HTTPRequest, dryRun: Bool, _ responder: HTTPResponder) {
        let context = RequestContext(request.head, request.context)
        do throws(Problem) {
            let composed =
                BodyKind(request.head) == .raw
                ? try RawMessage.composition(request) : try Composition(Submission(json: request.body))
            if dryRun {
                responder.respond(Answer.dryRun(composed))
            } else if let key = try Self.idempotencyKey(request.head, context) {
                dispatch.send(composed, once: key, MessageFingerprint(request), context, responder)
            } else {
                dispatch.send(composed, context, responder)
            }
        } catch {
            log.invalid(error, context)
            responder.respond(error.response)
        }
    }

    private func sendBatch(_ request: HTTPRequest, dryRun: Bool, stopsOnError: Bool, _ responder: HTTPResponder) {
        let context = RequestContext(request.head, request.context)
        do throws(Problem) {
            let batch = try Batch(json: request.body, stopsOnError: stopsOnError)
            if dryRun {
                responder.respond(batch.dryRun())
            } else {
                let key = try Self.idempotencyKey(request.head, context)
                dispatch.send(batch, once: key.map { ($0, MessageFingerprint(request)) }, context, responder)
            }
        } catch {
            log.invalid(error, context)
            responder.respond(error.response)
        }
    }

    private static func idempotencyKey(
        _ head: HTTPRequestHead, _ context: RequestContext
    ) throws(Problem) -> IdempotencyKey? {
        try IdempotencyKey(head.headers[IdempotencyKey.field], of: context.caller)
    }

    func turnEnded() {
        dispatch.handOver()
    }
}
