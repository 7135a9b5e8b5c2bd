/// Problems of the sandbox's inbox.
extension Problem {
    static func noSuchMessage(_ id: String) -> Problem {
        Problem(
            "not-found", "There is no such message", status: 404,
            detail: "the sandbox has no message \(id.prefix(40).debugDescription), or no longer keeps it; "
                + "GET /sandbox/messages lists those that it has")
    }

    /// - Parameter kind: what the message lacks, in words.
    static func noSuchPart(_ kind: String, of id: String) -> Problem {
        Problem(
            "not-found", "The message has no such part", status: 404,
            detail: "message \(id) has no \(kind) part; GET /sandbox/messages/\(id) shows the parts that it has")
    }

    static func noSuchAttachment(of id: String, count: Int) -> Problem {
        Problem(
            "not-found", "The message has no such attachment", status: 404,
            detail: "message \(id) has \(count) attachment\(count == 1 ? "" : "s"); their indexes begin at 0")
    }

    static let tooManyWaits = Problem(
        "busy", "Too many requests are waiting for a message", status: 503,
        detail: "\(CaughtWaits.maximum) requests are already waiting for a message; try again later"
    ).retryLater()
}
