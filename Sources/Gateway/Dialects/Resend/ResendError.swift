internal import SMTP

/// A failure in the form of Resend's API: a status, and one of the names that its clients know.
struct ResendError: Codable {
    let statusCode: Int
    let name: String
    let message: String

    init(_ problem: Problem, _ text: String) {
        message = text
        (statusCode, name) = Self.kind(of: problem)
    }

    init(statusCode: Int, name: String, message: String) {
        self.statusCode = statusCode
        self.name = name
        self.message = message
    }

    private static func kind(of problem: Problem) -> (Int, String) {
        // No client repeats a request by itself for this.
        if problem.outcome == .unknown { return (409, "application_error") }
        if let known = names[problem.variant ?? problem.label] { return known }
        switch problem.status {
        case 400: return (400, "validation_error")
        case 403: return (403, "validation_error")
        case 413, 415: return (problem.status, "validation_error")
        case 422: return (422, name(ofInvalid: problem))
        // The message was not sent, and may be sent again.
        case 429, 503: return (429, "rate_limit_exceeded")
        case 502, 504: return problem.isRetryable == true ? (429, "rate_limit_exceeded") : (500, "application_error")
        case 500: return (500, "application_error")
        default: return (problem.status, "application_error")
        }
    }

    private static let names: [String: (Int, String)] = [
        "missing-key": (401, "missing_api_key"), "unauthorized": (403, "invalid_api_key"),
        "not-found": (404, "not_found"), "method-not-allowed": (405, "method_not_allowed"),
        "invalid-idempotency-key": (400, "invalid_idempotency_key"),
        "idempotency-key-in-flight": (409, "concurrent_idempotent_requests"),
        "idempotency-key-reused": (409, "invalid_idempotent_request"),
        "missing-field": (422, "missing_required_field"),
    ]

    private static func name(ofInvalid problem: Problem) -> String {
        let isAboutAttachments =
            !problem.errors.isEmpty && problem.errors.allSatisfy { $0.pointer.hasPrefix("/attachments") }
        return isAboutAttachments ? "invalid_attachment" : "validation_error"
    }
}
