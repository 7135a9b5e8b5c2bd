internal import SMTP
internal import Settings

/// What the client is told of a message that no relay took.
extension Problem {
    init(_ failure: DeliveryFailure) {
        switch failure.cause {
        case .smtp(let error): self.init(error, relay: failure.relay)
        case .leftAlone(let error, let time):
            // Nothing was tried for this message, so it gets no code, text or stage of the one that failed.
            self.init(
                "circuit-breaker-open", "The circuit breaker of the relay is open", status: 503,
                detail:
                    "relay \(failure.relay) failed several times in a row, so its circuit breaker is open; try again later"
            )
            if let error, error.isBeforeMail {
                // It holds nothing of a message, which may have been another client's.
                detail += "; the last failure was \(RelayFailure(error, relay: failure.relay))"
            }
            self = notSent(retryable: true).retryLater(after: time)
        case .throttled(let time):
            self.init(
                "busy", "The relay's rate is used up", status: 503,
                detail: "more messages wait for relay \(failure.relay) than "
                    + "\(Setting.relayRate.own(of: failure.relay).name) lets through in time")
            self = notSent(retryable: true).retryLater(after: time)
        case .noRelay:
            self.init(
                "relay-unavailable", "No relay is responsible", status: 502,
                detail: "no route leads to a relay; see POSTERN_ROUTES")
            self = notSent(retryable: false)
        case .record(let error): self.init(error)
        case .shutdown: self = .draining
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
