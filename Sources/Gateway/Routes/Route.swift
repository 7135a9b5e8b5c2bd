/// What a request asks for.
enum Route: Equatable {
    case sendMessage(dryRun: Bool)
    case live
    case ready
    case sandboxMessages
    case sandboxMessage(id: String)
    case deleteSandboxMessages

    /// Whether the route answers without a key.
    var isOpen: Bool { self == .live || self == .ready }

    /// The route of a method and a path.
    ///
    /// - Throws: a ``Problem`` with 404, 405 or 422.
    init(method: String, path: String, dryRun: String?, hasSandbox: Bool) throws(Problem) {
        // HEAD is GET without the body, which the server leaves out (RFC 9110, section 9.3.2).
        let isGet = method == "GET" || method == "HEAD"
        switch path {
        case "/messages":
            guard method == "POST" else { throw .methodNotAllowed(method, allowed: ["POST"]) }
            switch dryRun {
            case nil, "false": self = .sendMessage(dryRun: false)
            case "true", "": self = .sendMessage(dryRun: true)
            case let value?:
                throw .invalid([
                    FieldError(
                        "", "the query parameter dry_run is true or false, not \(value.prefix(40).debugDescription)")
                ])
            }
        case "/livez":
            guard isGet else { throw .methodNotAllowed(method, allowed: ["GET", "HEAD"]) }
            self = .live
        case "/readyz", "/healthz":
            guard isGet else { throw .methodNotAllowed(method, allowed: ["GET", "HEAD"]) }
            self = .ready
        case "/sandbox/messages" where hasSandbox:
            if method == "DELETE" {
                self = .deleteSandboxMessages
            } else if isGet {
                self = .sandboxMessages
            } else {
                throw .methodNotAllowed(method, allowed: ["GET", "HEAD", "DELETE"])
            }
        default:
            let prefix = "/sandbox/messages/"
            guard hasSandbox, path.hasPrefix(prefix), path.utf8.count > prefix.utf8.count else {
                throw .notFound(path)
            }
            guard isGet else { throw .methodNotAllowed(method, allowed: ["GET", "HEAD"]) }
            self = .sandboxMessage(id: String(path.dropFirst(prefix.count)))
        }
    }
}
