internal import MailAddress
internal import SMTP

/// A failure in the form of Postmark's API: a status, and one of the codes that its clients know.
struct PostmarkError {
    let status: Int
    let code: Int
    let message: String

    /// - Parameter text: what went wrong.
    init(_ problem: Problem, _ text: String) {
        let refused = Self.refused(problem)
        message =
            refused.isEmpty
            ? text
            // Clients read the names out of this sentence.
            : "\(text). Found inactive addresses: \(refused.joined(separator: ", ")). Inactive recipients are those that "
                + "the relay refused."
        (status, code) = refused.isEmpty ? Self.kind(of: problem) : (422, 406)
    }

    /// The recipients of a message that the relay refused for good, if it refused them all.
    private static func refused(_ problem: Problem) -> [String] {
        guard problem.outcome != .unknown, problem.status == 422, problem.stage == .rcpt else { return [] }
        return problem.rejected.map(\.address.description)
    }

    private static func kind(of problem: Problem) -> (Int, Int) {
        if problem.outcome == .unknown { return (422, 300) }
        if problem.label == "idempotency-key-in-flight" { return (503, 100) }
        if problem.label == "too-many-messages" { return (422, 410) }
        switch problem.status {
        case 400: return (422, 402)
        case 401: return (401, 10)
        case 403: return (422, 400)
        case 409, 422: return (422, 300)
        case 429: return (429, 429)
        // 100 is maintenance.
        case 503: return (503, 100)
        case 502, 504: return problem.isRetryable == true ? (503, 100) : (500, 500)
        default: return (problem.status, problem.status)
        }
    }
}
