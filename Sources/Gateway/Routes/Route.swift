internal import HTTPServer

/// What a request asks for.
enum Route: Equatable {
    case sendMessage(dryRun: Bool)
    case sendBatch(dryRun: Bool, stopsOnError: Bool)
    case live
    case ready
    case metrics
    case openAPI(OpenAPIForm)
    case console
    case sandboxMessages
    case sandboxMessage(id: String)
    case deleteSandboxMessages
    /// Which methods can be used here.
    case options(methods: [String])

    /// Whether the route answers without a key. The console is a page that holds nothing, and asks for the key itself.
    var isOpen: Bool {
        switch self {
        case .live, .ready, .console, .options: true
        default: false
        }
    }

    /// Whether the route takes messages to send.
    var takesMessages: Bool {
        switch self {
        case .sendMessage, .sendBatch: true
        default: false
        }
    }

    /// The route of a request.
    ///
    /// - Throws: a ``Problem`` with 404, 405 or 422.
    init(_ head: HTTPRequestHead, hasSandbox: Bool) throws(Problem) {
        guard let resource = Resource(path: head.path, hasSandbox: hasSandbox) else { throw .notFound(head.path) }
        guard resource.methods.contains(head.method) else {
            throw .methodNotAllowed(head.method, allowed: resource.methods)
        }
        if head.method == "OPTIONS" {
            self = .options(methods: resource.methods)
            return
        }
        try Self.check(head, of: resource)
        // HEAD is GET without the body, which the server leaves out (RFC 9110, section 9.3.2).
        switch resource {
        case .messages: self = .sendMessage(dryRun: try Self.flag("dry_run", in: head.query))
        case .batch:
            self = .sendBatch(
                dryRun: try Self.flag("dry_run", in: head.query), stopsOnError: try Self.stopsOnError(head.query))
        case .live: self = .live
        case .ready: self = .ready
        case .metrics: self = .metrics
        case .openAPI(let form): self = .openAPI(form)
        case .console: self = .console
        case .sandboxMessages where head.method == "DELETE": self = .deleteSandboxMessages
        case .sandboxMessages: self = .sandboxMessages
        case .sandboxMessage(let id): self = .sandboxMessage(id: id)
        case .server: self = .options(methods: resource.methods)
        }
    }

    /// A misspelt `dry_run` must not send the message: what is not known is refused by name.
    private static func check(_ head: HTTPRequestHead, of resource: Resource) throws(Problem) {
        guard !head.query.parameters.isEmpty else { return }
        let known = resource.parameters
        var seen: Set<String> = []
        var errors: [FieldError] = []
        for (name, _) in head.query.parameters where !(resource == .messages && name == "to") {
            let shown = name.prefix(40).debugDescription
            if !known.contains(name) {
                errors.append(
                    FieldError(
                        "",
                        known.isEmpty
                            ? "there is no query parameter \(shown) here; send the request without it"
                            : "there is no query parameter \(shown); known are \(known.joined(separator: ", "))"))
            } else if !seen.insert(name).inserted {
                errors.append(FieldError("", "the query parameter \(shown) is given twice"))
            }
        }
        if !errors.isEmpty { throw .invalid(errors) }
    }

    /// A query parameter that is true, also by its name alone, or false.
    private static func flag(_ name: String, in query: HTTPQuery) throws(Problem) -> Bool {
        switch query[name] {
        case nil, "false": return false
        case "true", "": return true
        case let value?:
            throw .invalid([
                FieldError(
                    "", "the query parameter \(name) is true or false, not \(value.prefix(40).debugDescription)")
            ])
        }
    }

    private static func stopsOnError(_ query: HTTPQuery) throws(Problem) -> Bool {
        switch query["on_error"] {
        case nil, "continue": return false
        case "stop": return true
        case let value?:
            throw .invalid([
                FieldError(
                    "", "the query parameter on_error is stop or continue, not \(value.prefix(40).debugDescription)")
            ])
        }
    }
}
