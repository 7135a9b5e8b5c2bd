internal import SMTP

/// Problems of the request itself; nothing was sent to the relay.
extension Problem {
    static func malformedBody(_ detail: String) -> Problem {
        Problem("malformed-body", "The body is not well formed", status: 400, detail: detail)
    }

    static func invalid(_ errors: [FieldError]) -> Problem { invalid(FieldErrors(errors)) }

    static func invalid(_ errors: FieldErrors) -> Problem {
        Problem(
            "invalid-message", "The message is not valid", status: 422, detail: summary(of: errors, "field", "fields")
        ).with(errors).notSent(retryable: false)
    }

    /// The query of a request that sends nothing.
    static func invalidQuery(_ errors: FieldErrors) -> Problem {
        Problem(
            "invalid-query", "The query is not valid", status: 422,
            detail: summary(of: errors, "query parameter", "query parameters")
        ).with(errors)
    }

    private static func summary(of errors: FieldErrors, _ one: String, _ several: String) -> String {
        switch (errors.count, errors.unlisted) {
        case (1, _): "one \(one) is not right: see errors"
        case (let count, 0): "\(count) \(several) are not right: see errors"
        case (let count, _): "\(count) \(several) are not right: see errors for the first \(errors.listed.count)"
        }
    }

    static let emptyBody = Problem.malformedBody("the body is empty; send a JSON document")

    static let jsonAsForm = Problem(
        "unsupported-media-type", "The body's type is not supported", status: 415,
        detail:
            "the body begins like JSON, but Content-Type says that it is a form, as curl does if the header is missing; "
            + "add -H 'Content-Type: application/json'"
    ).notSent(retryable: false)

    /// - Parameter known: the types that are supported.
    static func unsupportedMediaType(_ type: String?, known: [String]) -> Problem {
        let types =
            known.count > 1 ? known.dropLast().joined(separator: ", ") + " or " + (known.last ?? "") : known.joined()
        return Problem(
            "unsupported-media-type", "The body's type is not supported", status: 415,
            detail:
                "\(type.map { "Content-Type \($0.prefix(100).debugDescription) is not supported" } ?? "Content-Type is missing"); "
                + "send \(types)")
    }

    static func unsupportedContentCoding(_ coding: String) -> Problem {
        var problem = Problem(
            "unsupported-media-type", "The body's coding is not supported", status: 415,
            detail: "Content-Encoding \(coding.prefix(40).debugDescription) is not supported; send the body as it is")
        // What the client is to use instead (RFC 9110, section 15.5.16).
        problem.headers = [("Accept-Encoding", "identity")]
        return problem
    }

    static func bodyNotAllowed(_ method: String) -> Problem {
        Problem(
            "too-large", "A body is not expected here", status: 413,
            detail: "\(method.prefix(40).debugDescription) takes no body here; send it without one")
    }

    static func tooLarge(limit: Int) -> Problem {
        Problem(
            "too-large", "The body is too large", status: 413,
            detail: "the body has more than \(limit) bytes, the limit of POSTERN_MAX_MESSAGE_BYTES"
        ).notSent(retryable: false)
    }

    /// The messages of one request are larger together than they may be.
    static func tooManyOctets(limit: Int) -> Problem {
        Problem(
            "too-large", "The messages are too large together", status: 413,
            detail: "the messages of this request have more than \(limit) bytes together, a limit that follows from "
                + "POSTERN_MAX_MESSAGE_BYTES; send fewer of them at a time, or one message to all recipients"
        ).notSent(retryable: false)
    }

    /// A request has more messages than a key's rate ever lets through at once.
    static func tooManyForRate(_ count: Int) -> Problem {
        Problem(
            "too-many-messages", "There are too many messages", status: 422,
            detail: "the rate limit never allows \(count) messages at once; send fewer of them at a time"
        ).notSent(retryable: false)
    }

    static func notFound(_ path: String) -> Problem {
        Problem(
            "not-found", "There is no such endpoint", status: 404,
            detail: "there is nothing at \(path.prefix(200).debugDescription); messages go to POST /messages")
    }

    static func methodNotAllowed(_ method: String, allowed: [String]) -> Problem {
        var problem = Problem(
            "method-not-allowed", "The method is not allowed", status: 405,
            detail:
                "\(method.prefix(40).debugDescription) is not allowed here; use \(allowed.joined(separator: " or "))")
        problem.headers = [("Allow", allowed.joined(separator: ", "))]
        return problem
    }

    static func full(limit: Int) -> Problem {
        Problem(
            "busy", "The gateway is full", status: 503,
            detail: "\(limit) requests are under way, the limit of POSTERN_MAX_IN_FLIGHT; try again later"
        ).retryLater().notSent(retryable: true)
    }

    static func signing(_ detail: String) -> Problem {
        Problem("signing-failed", "The message could not be signed", status: 500, detail: detail)
            .notSent(retryable: false)
    }

    static let draining = Problem(
        "draining", "The gateway is shutting down", status: 503,
        detail: "no new messages are taken; send it to another instance or try again later"
    ).retryLater().notSent(retryable: true)

    static let stopped = {
        var problem = Problem(
            "outcome-unknown", "The gateway was shut down", status: 504,
            detail: "the gateway ended before there was an answer; ask the relay's log before sending it again")
        problem.outcome = .unknown
        problem.isRetryable = false
        return problem
    }()

    static func batchStopped(at index: Int) -> Problem {
        Problem(
            "batch-stopped", "The batch stopped before this message", status: 424,
            detail: "message number \(index) of the batch was not accepted, and on_error is stop"
        ).notSent(retryable: true)
    }

    func notSent(retryable: Bool) -> Problem {
        var problem = self
        problem.outcome = .notSent
        problem.isRetryable = retryable
        return problem
    }

    /// Tells the client to wait a little (RFC 9110, section 10.2.3).
    func retryLater() -> Problem {
        var problem = self
        problem.headers.append(("Retry-After", "5"))
        return problem
    }
}
