internal import Dispatch
internal import HTTPServer
internal import Logging
internal import Synchronization

/// Admits each request, and passes it to what serves its endpoint.
final class GatewayHandler: HTTPHandler {
    private let admission: Admission
    private let messages: MessageHandler
    private let sender: MessageSender
    /// Those of each thread of the HTTP server.
    private let requests: [RequestMetrics]
    private let maximumMessageBytes: Int
    private let log: MessageLog
    /// Where large bodies are decoded, as many at once as there are threads of the HTTP server. Not the threads of Swift's tasks:
    /// health checks and the watchdog run there.
    private let queues: [DispatchQueue]
    private let nextQueue = Atomic<Int>(0)

    init(
        _ admission: Admission, _ messages: MessageHandler, _ sender: MessageSender, _ requests: [RequestMetrics],
        maximumMessageBytes: Int, log: MessageLog
    ) {
        self.admission = admission
        self.messages = messages
        self.sender = sender
        self.requests = requests
        self.maximumMessageBytes = maximumMessageBytes
        self.log = log
        queues = requests.indices.map { DispatchQueue(label: "postern.bodies.\($0)") }
    }

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        do throws(Problem) {
            switch try admission.decide(head) {
            case .options(let methods):
                let response = HTTPResponse(
                    status: 204, headers: [("Allow", methods.joined(separator: ", "))], body: [])
                return .whole(maximumBodyBytes: 0) { $1.respond(response) }
            case .page(let serve, let values):
                return .whole(maximumBodyBytes: 0) { serve(PageRequest(head: $0.head, values: values), $1) }
            case .messages(let admitted, let intake): return admission(of: admitted, intake)
            }
        } catch {
            return .refuse(refusal(error, of: head))
        }
    }

    private func admission(of admitted: AdmittedRequest, _ intake: BodyIntake) -> HTTPAdmission {
        let messages = messages
        return switch intake {
        case .whole:
            .whole(maximumBodyBytes: maximumMessageBytes) { [self] request, responder in
                handle(octets: request.body.count) {
                    messages.handle(request.head, .octets(request.body), admitted, responder)
                }
            }
        case .form:
            .form(maximumBodyBytes: maximumMessageBytes, maximumParts: FormDocument.maximumParts) {
                [self] request, responder in
                handle(octets: request.parts.reduce(0) { $0 + $1.content.count }) {
                    messages.handle(request.head, .form(request.parts), admitted, responder)
                }
            }
        case .stream: .stream(maximumBodyBytes: maximumMessageBytes) { messages.handle($0, admitted, $1) }
        }
    }

    /// Octets of a body that are decoded on the HTTP server's thread. Others must not wait for a larger one: 24 MB of what is no
    /// message took a second.
    private static let largeBody = 256 * 1024

    private func handle(octets: Int, _ work: @escaping @Sendable () -> Void) {
        guard octets > Self.largeBody else { return work() }
        let turn = nextQueue.wrappingAdd(1, ordering: .relaxed).oldValue
        queues[turn % queues.count].async { [sender] in
            work()
            sender.handOver()
        }
    }

    // MARK: Refusals

    /// A refusal before the request was handled. Under an Idempotency-Key the message may have been sent before, so it
    /// claims no outcome.
    private func refusal(_ problem: Problem, of head: HTTPRequestHead) -> HTTPResponse {
        let problem = head.headers[IdempotencyKey.field] == nil ? problem : problem.withoutClaim
        log.refused(problem, HTTPRefusedRequest(head: head, id: head.id, client: head.client))
        return admission.endpoints.response(to: problem, of: head)
    }

    func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse {
        refusal(limit == 0 ? .bodyNotAllowed(head.method) : .tooLarge(limit: limit), of: head)
    }

    func malformed(_ head: HTTPRequestHead, _ error: HTTPFormError) -> HTTPResponse {
        refusal(.malformedForm(error), of: head)
    }

    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        refusal(isHandled ? .stopped : .draining, of: head)
    }

    func refused(_ error: HTTPRequestError, _ request: HTTPRefusedRequest) -> HTTPResponse {
        guard let head = request.head else {
            let problem = Problem(error)
            log.refused(problem, request)
            return problem.response
        }
        return refusal(Problem(error), of: head)
    }

    // MARK: What happens

    func answered(_ head: HTTPRequestHead?, status: Int, thread: Int) {
        let path = head.flatMap { admission.endpoints.index(of: $0.path) }
        requests[thread % requests.count].answered(path, status: status, after: head.map { .now - $0.arrivedAt })
    }

    func gaveUp(connections: Int) {
        log.logger.info(
            "connections were closed: their clients took longer than POSTERN_REQUEST_TIMEOUT",
            metadata: ["connections": "\(connections)"])
    }

    func turnEnded() {
        sender.handOver()
    }
}
