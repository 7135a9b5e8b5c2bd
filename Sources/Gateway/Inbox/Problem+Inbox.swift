/// Problems of the sandbox's inbox.
extension Problem {
    static func noSuchMessage(_ id: String) -> Problem {
        Problem(
            "not-found", "There is no such message", status: 404,
            detail: "the sandbox has no message \(id.prefix(40).debugDescription), or has it no more; "
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
            detail: count == 0
                ? "message \(id) has no attachments" : "message \(id) has the attachments 0 to \(count - 1)")
    }

    static let tooManyWaits = Problem(
        "busy", "Too many requests wait for a message", status: 503,
        detail: "\(CaughtWaits.maximum) requests wait for a message already; try again later"
    ).retryLater()
}
