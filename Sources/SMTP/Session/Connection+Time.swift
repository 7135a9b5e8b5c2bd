internal import NIOCore

/// How long a connection waits.
extension Connection {
    /// A deadline begins with a command, a reply or a write, and not with every byte: a server that trickles meets it.
    func updateDeadline() {
        let isNew = patience.isNew(conversation.progress)
        if let stage = conversation.awaiting {
            if isNew { deadline.set(after: bound(at: stage)) }
        } else if !writableWaiters.isEmpty {
            if isNew { deadline.set(after: configuration.timeouts.content) }
        } else {
            deadline.clear()
        }
    }

    private func bound(at stage: SMTPStage) -> Duration {
        switch conversation.phase {
        case .probing: return patience.probe
        // Nobody waits for these replies but whoever wants the session's end, or its next transaction.
        case .quitting: return owner == nil ? configuration.timeouts.farewell : patience.probe
        case .resetting: return configuration.timeouts.farewell
        default: break
        }
        if conversation.due.first == .mail, let mail = patience.mail {
            return min(mail, configuration.timeouts.reply)
        }
        return conversation.due.first == .chunk
            ? configuration.timeouts.content : configuration.timeouts.bound(at: stage)
    }

    /// A transaction begins, or the set-up does.
    func startWhole() {
        if let whole = configuration.timeouts.whole { wholeDeadline.set(after: whole) }
    }

    func deadlinePassed() {
        conversation.deadlinePassed()
        obey()
    }
}
