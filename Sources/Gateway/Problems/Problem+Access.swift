/// Problems of who may ask for what.
extension Problem {
    static func unauthorized(keyGiven: Bool) -> Problem {
        var problem = Problem(
            "unauthorized", "A key is needed", status: 401,
            detail: (keyGiven ? "the key is not one of this gateway's" : "the request carries no key")
                + "; send it as Authorization: Bearer KEY or X-API-Key: KEY")
        if !keyGiven { problem.variant = "missing-key" }
        problem.headers = [("WWW-Authenticate", "Bearer realm=\"postern\"")]
        return problem
    }

    static let repeatedKey = twoKeys(
        "the request carries more than one key; send one field, Authorization or X-API-Key, once")
    static let differentKeys = twoKeys(
        "the request carries one key in Authorization and another one in X-API-Key; send one of them")

    private static func twoKeys(_ detail: String) -> Problem {
        var problem = Problem("unauthorized", "A key is needed", status: 401, detail: detail)
        problem.variant = "repeated-key"
        problem.headers = [("WWW-Authenticate", "Bearer realm=\"postern\"")]
        return problem
    }

    /// A page of another origin made the request, and there are no keys to tell it from others.
    static let crossSite = Problem(
        "cross-site-request", "The request comes from another site", status: 403,
        detail:
            "without keys, requests of web pages of another origin are refused; open the console at the gateway's own "
            + "address, or set POSTERN_API_KEYS and send a key"
    ).notSent(retryable: false)

    /// A name that is not one of this host was used, which a page could have had point here.
    static func foreignHost(_ host: String) -> Problem {
        Problem(
            "cross-site-request", "The request comes from another site", status: 403,
            detail: "without keys and on a loopback address, the Host has to be a loopback name or address, not "
                + "\(host.prefix(100).debugDescription); use http://127.0.0.1 or http://localhost with the port, or set "
                + "POSTERN_API_KEYS and send a key"
        ).notSent(retryable: false)
    }

    /// The key is for monitoring.
    static let metricsOnly = Problem(
        "forbidden", "The key is not allowed here", status: 403,
        detail: "by POSTERN_API_KEY_RULES the key may read /metrics only; use another key"
    ).notSent(retryable: false)

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
            detail: "\(who) has exceeded its rate limit; try again in \(seconds) s")
        problem.headers = [("Retry-After", String(seconds))]
        return problem.notSent(retryable: true)
    }
}
