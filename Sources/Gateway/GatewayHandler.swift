internal import HTTPServer
internal import Logging

/// Admits each request, and passes it to what serves its endpoint.
final class GatewayHandler: HTTPHandler {
    let admission: Admission
    private let messages: MessageIntake
    private let refusals: Refusals
    /// Those of each thread of the HTTP server.
    private let requests: [RequestMetrics]
    private let logger: Logger

    init(
        _ admission: Admission, _ messages: MessageIntake, _ refusals: Refusals, _ requests: [RequestMetrics],
        logger: Logger
    ) {
        self.admission = admission
        self.messages = messages
        self.refusals = refusals
        self.requests = requests
        self.logger = logger
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
            case .messages(let admitted, let intake): return messages.admission(of: admitted, intake)
            }
        } catch {
            return .refuse(refusals.response(to: error, of: head))
        }
    }

    // MARK: Refusals

    func tooLarge(_ head: HTTPRequestHead, limit: Int) -> HTTPResponse {
        refusals.response(to: limit == 0 ? .bodyNotAllowed(head.method) : .tooLarge(limit: limit), of: head)
    }

    func malformed(_ head: HTTPRequestHead, _ error: HTTPFormError) -> HTTPResponse {
        refusals.response(to: .malformedForm(error), of: head)
    }

    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        refusals.response(to: isHandled ? .stopped : .draining, of: head)
    }

    func refused(_ error: HTTPRequestError, _ request: HTTPRefusedRequest) -> HTTPResponse {
        refusals.response(to: error, of: request)
    }

    // MARK: What happens

    func answered(_ head: HTTPRequestHead?, status: Int, thread: Int) {
        let path = head.flatMap { admission.endpoints.index(of: $0.path) }
        requests[thread % requests.count].answered(path, status: status, after: head.map { .now - $0.arrivedAt })
    }

    func gaveUp(connections: Int) {
        logger.info(
            "connections were closed: their clients took longer than POSTERN_REQUEST_TIMEOUT",
            metadata: ["connections": "\(connections)"])
    }

    func turnEnded() {
        messages.handOver()
    }
}
