/// What a path names.
enum Resource: Equatable {
    case messages
    case batch
    case live
    case ready
    case metrics
    case openAPI(OpenAPIForm)
    case console
    case sandboxMessages
    case sandboxMessage(id: String)
    /// `*`: the server as a whole (RFC 9110, section 7.1).
    case server

    /// The resource of a path, or nil where there is none.
    init?(path: String, hasSandbox: Bool) {
        switch path {
        case "/messages": self = .messages
        case "/messages/batch": self = .batch
        case "/livez": self = .live
        case "/readyz", "/healthz": self = .ready
        case "/metrics": self = .metrics
        case "/openapi.yaml": self = .openAPI(.yaml)
        case "/openapi.json": self = .openAPI(.json)
        case "/": self = .console
        case "*": self = .server
        case "/sandbox/messages" where hasSandbox: self = .sandboxMessages
        default:
            let prefix = "/sandbox/messages/"
            guard hasSandbox, path.hasPrefix(prefix), path.utf8.count > prefix.utf8.count else { return nil }
            self = .sandboxMessage(id: String(path.dropFirst(prefix.count)))
        }
    }

    /// The methods that can be used on it, as `Allow` lists them (RFC 9110, section 10.2.1).
    var methods: [String] {
        switch self {
        case .messages, .batch: ["POST", "OPTIONS"]
        case .live, .ready, .metrics, .openAPI, .console, .sandboxMessage: ["GET", "HEAD", "OPTIONS"]
        case .sandboxMessages: ["GET", "HEAD", "DELETE", "OPTIONS"]
        case .server: ["OPTIONS"]
        }
    }

    /// The query parameters that are known.
    var parameters: [String] {
        switch self {
        case .messages: ["dry_run", "from", "to", "recipient_policy", "require_tls"]
        case .batch: ["dry_run", "on_error"]
        case .live, .ready, .metrics, .openAPI, .console, .sandboxMessages, .sandboxMessage, .server: []
        }
    }
}

/// The forms in which the contract is served.
enum OpenAPIForm {
    case yaml
    case json
}
