internal import SMTP

/// What the client is told of a message that no relay took.
extension Problem {
    init(_ failure: DeliveryFailure) {
        switch failure.cause {
        case .smtp(let error): self.init(error)
        case .leftAlone(let error?, let time) where error.outcome == .notSent:
            // The relay's last failure is this message's, too: it would meet the same.
            self.init(error)
            detail += "; the relay failed several times and is left alone for now"
            rejected = []
            isRetryable = true
            self = retryLater(after: time)
        case .leftAlone(_, let time):
            self.init(
                "relay-unavailable", "The relay cannot be used", status: 502,
                detail: "the relay failed several times and is left alone for now")
            self = notSent(retryable: true).retryLater(after: time)
        case .throttled(let time):
            self.init(
                "busy", "The relay's rate is used up", status: 503,
                detail: "more messages wait for relay \(failure.relay) than POSTERN_RELAY_RATE lets through in time")
            self = notSent(retryable: true).retryLater(after: time)
        case .noRelay:
            self.init(
                "relay-unavailable", "No relay is responsible", status: 502,
                detail: "no route leads to a relay; see POSTERN_ROUTES")
            self = notSent(retryable: false)
        }
    }

    /// Tells the client when to try again, in whole seconds (RFC 9110, section 10.2.3).
    func retryLater(after time: Duration) -> Problem {
        let (seconds, attoseconds) = time.components
        var problem = self
        problem.headers.removeAll { $0.0 == "Retry-After" }
        problem.headers.append(("Retry-After", String(max(1, seconds + (attoseconds > 0 ? 1 : 0)))))
        return problem
    }
}
