internal import NIOCore

/// How long a connection waits.
extension Connection {
    /// A deadline begins with a command, a reply or a write, and not with every byte: a server that trickles meets it.
    func updateDeadline() {
        let isNew = patience.isNew(conversation.progress)
        if let awaited = conversation.awaited {
            if isNew { deadline.set(after: bound(of: awaited)) }
        } else if !writableWaiters.isEmpty {
            if isNew { deadline.set(after: configuration.timeouts.content) }
        } else {
            deadline.clear()
        }
    }

    private func bound(of awaited: Awaited) -> Duration {
        switch awaited {
        case .step(let stage): configuration.timeouts.bound(at: stage)
        case .mail: patience.mail.map { min($0, configuration.timeouts.reply) } ?? configuration.timeouts.reply
        case .chunk: configuration.timeouts.content
        case .probe: patience.probe
        // Nobody waits for these replies but whoever wants the session's end, or its next transaction.
        case .quit: owner == nil ? configuration.timeouts.farewell : patience.probe
        case .reset: configuration.timeouts.farewell
        }
    }

    /// A transaction begins, or the set-up does.
    func startWhole() {
        if let whole = configuration.timeouts.whole { wholeDeadline.set(after: whole) }
    }

    func deadlinePassed() {
        conversation.deadlinePassed()
        carryOut()
    }
}
