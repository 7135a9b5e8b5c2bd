internal import HTTPServer

/// One method on one path, and what serves it. Routing, `Allow`, the labels of metrics and traces, and the check of query
/// parameters follow from it.
final class Endpoint: Sendable {
    /// What serves a request.
    enum Service: Sendable {
        /// Takes messages, in one of several dialects: Content-Type says in which.
        case messages([any Dialect])
        /// Answers by itself, and takes no body.
        case page(@Sendable (PageRequest, HTTPResponder) -> Void)
    }

    let method: String
    let path: EndpointPath
    /// Whether it answers without a key.
    let isOpen: Bool
    /// Whether a key for metrics may be used here.
    let isForMetrics: Bool
    let parameters: [QueryParameter]
    let service: Service

    private init(
        _ method: String, _ path: String, isOpen: Bool = false, isForMetrics: Bool = false,
        parameters: [QueryParameter], service: Service
    ) {
        self.method = method
        self.path = EndpointPath(path)
        self.isOpen = isOpen
        self.isForMetrics = isForMetrics
        self.parameters = parameters
        self.service = service
    }

    /// An endpoint that takes messages.
    static func messages(
        _ path: String, parameters: [QueryParameter] = [], in dialects: any Dialect...
    ) -> Endpoint {
        Endpoint("POST", path, parameters: parameters, service: .messages(dialects))
    }

    /// An endpoint that responds at once.
    static func page(
        _ method: String, _ path: String, isOpen: Bool = false, parameters: [QueryParameter] = [],
        response: @escaping @Sendable (PageRequest) -> HTTPResponse
    ) -> Endpoint {
        Endpoint(
            method, path, isOpen: isOpen, parameters: parameters, service: .page { $1.respond(response($0)) })
    }

    /// An endpoint whose response takes a while, and is not made on a thread of the HTTP server.
    ///
    /// - Parameters:
    ///   - executor: runs what makes the response; nil for the threads of Swift's tasks.
    ///   - response: makes the response, or throws the ``Problem`` that is it.
    static func slowPage(
        _ method: String, _ path: String, isOpen: Bool = false, isForMetrics: Bool = false,
        parameters: [QueryParameter] = [], on executor: HTTPTaskExecutor? = nil,
        response: @escaping @Sendable (PageRequest) async throws(Problem) -> HTTPResponse
    ) -> Endpoint {
        let service = Service.page { request, responder in
            Task(executorPreference: executor) {
                do throws(Problem) {
                    responder.respond(try await response(request))
                } catch {
                    responder.respond(error.response)
                }
            }
        }
        return Endpoint(
            method, path, isOpen: isOpen, isForMetrics: isForMetrics, parameters: parameters, service: service)
    }

    /// Checks the query. A misspelt `dry_run` must not send the message: what is not known is refused by name.
    ///
    /// - Throws: a ``Problem`` with 422 that names every bad parameter.
    func check(_ query: HTTPQuery) throws(Problem) {
        guard !query.parameters.isEmpty else { return }
        var seen: Set<String> = []
        var errors = FieldErrors()
        for (name, value) in query.parameters {
            let shown = name.prefix(40).debugDescription
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                let known = parameters.map(\.name).joined(separator: ", ")
                errors.add(
                    FieldError(
                        "",
                        known.isEmpty
                            ? "there is no query parameter \(shown) here; send the request without it"
                            : "there is no query parameter \(shown); known are \(known)"))
                continue
            }
            if !seen.insert(name).inserted, !parameter.mayRepeat {
                errors.add(FieldError("", "the query parameter \(shown) is given twice"))
            } else if let error = parameter.error(in: value) {
                errors.add(error)
            }
        }
        guard !errors.isEmpty else { return }
        if case .page = service { throw .invalidQuery(errors) }
        throw .invalid(errors)
    }
}
