internal import NIOCore

/// How envelopes go out behind the content of other messages (RFC 2920, section 3.1).
extension PoolShare {
    func connection(_ connection: Connection, answeredAfter duration: TimeAmount) {
        promptness.took(duration)
    }

    func connectionMayChain(_ connection: Connection) -> ChainedEnvelope? {
        guard chains, promptness.allowsChaining, !isShutDown, renewals.isEmpty, let session = connection.session,
            let first = waiters.first, !first.isAlone, first.envelope.recipients.count <= Self.maximumChainedRecipients,
            !isSpent(session),
            connection.mayChain(first.envelope)
        else { return nil }
        waiters.removeFirst()
        let waiter = timed(first)
        counts.chained += 1
        if !chainDeadline.isSet { chainDeadline.set(after: limits.chainPatience) }
        connection.mailPatience = mailPatience
        return ChainedEnvelope(envelope: waiter.envelope) { result in
            self.opened(waiter, on: session, result, restedSince: nil) { error in
                if Self.meansMishandled(error) {
                    self.chains = false
                    return .again
                }
                if self.meansWornOut(error, connection) { return .renew }
                // MAIL may have been refused for where it stood and not for what it said: asked alone, the server tells.
                return self.meansStale(error) || error.stage == .mail ? .again : .final
            }
        }
    }

    /// Most recipients of a message that is chained: a longer envelope would hold up the write that it shares.
    private static let maximumChainedRecipients = 100

    /// Whether a server took the envelope behind a content amiss: it lost it, or spoke of its sequence.
    private static func meansMishandled(_ error: SMTPError) -> Bool {
        switch error.stage {
        case .mail, .rcpt, .data:
            switch error.reason {
            case .timedOut, .protocolViolation: true
            // 554 is also what a recipient is refused with.
            default: error.code == 503 || (error.code == 554 && error.stage == .mail)
            }
        default: false
        }
    }

    /// A message that is chained to one whose reply is slow to come goes to the head of the queue again.
    func takeBackOverdueChained() {
        let limit = NIODeadline.now() - TimeAmount(limits.chainPatience)
        var goesOn = false
        for session in sessions.values {
            guard let since = session.connection.chainedSince else { continue }
            if since <= limit {
                promptness.waits(.now() - since)
                // The message is sent on another session.
                session.connection.takeBackChained()?(.failure(Self.takenBack))
            } else {
                goesOn = true
            }
        }
        if goesOn { chainDeadline.set(after: limits.chainPatience) }
    }

    private static let takenBack = SMTPError(
        .shutDown, stage: .mail, detail: "the message before this one took too long")
}
