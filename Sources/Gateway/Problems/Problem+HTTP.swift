internal import HTTPServer

/// Problems of requests that the HTTP server refuses before they are handled.
extension Problem {
    /// A request breaks the syntax of HTTP or a limit of the server, or did not arrive in time. Nothing was sent.
    init(_ error: HTTPRequestError) {
        let (label, title) =
            switch error.status {
            case 408: ("request-timeout", "The request did not arrive in time")
            case 414: ("target-too-long", "The request target is too long")
            case 431: ("header-too-large", "The header section is too large")
            case 501: ("unsupported-transfer-coding", "The transfer coding is not supported")
            case 505: ("unsupported-http-version", "The HTTP version is not supported")
            default: ("malformed-request", "The request is not well formed")
            }
        let problem = Problem(label, title, status: error.status, detail: error.description)
        // Sending the same again helps only if it was too slow.
        self = problem.notSent(retryable: error.status == 408)
    }
}
