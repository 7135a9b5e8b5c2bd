/// Problems of who may ask for what.
extension Problem {
    static func unauthorized(keyGiven: Bool) -> Problem {
        var problem = Problem(
            "unauthorized", "A key is needed", status: 401,
            detail: (keyGiven ? "the key is not one of this gateway's" : "the request carries no key")
                + "; send it as Authorization: Bearer KEY or X-API-Key: KEY")
        problem.headers = [("WWW-Authenticate", "Bearer realm=\"postern\"")]
        return problem
    }

    static func forbidden(_ errors: [FieldError]) -> Problem {
        Problem(
            "forbidden", "The message is not allowed", status: 403,
            detail: errors.count == 1
                ? "an address is not allowed: see errors" : "\(errors.count) addresses are not allowed: see errors"
        ).with(FieldErrors(errors)).notSent(retryable: false)
    }

    /// - Parameter wait: nanoseconds until there is room.
    static func rateLimited(_ who: String, _ wait: Int64) -> Problem {
        let seconds = (wait + 999_999_999) / 1_000_000_000
        var problem = Problem(
            "rate-limited", "Too many requests", status: 429,
            detail: "\(who) has reached its rate; there is room again in \(seconds) s")
        problem.headers = [("Retry-After", String(seconds))]
        return problem.notSent(retryable: true)
    }
}
