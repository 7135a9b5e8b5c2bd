internal import NIOCore

/// How long a connection waits.
extension Connection {
    /// A deadline begins with a command, a reply or a write, and not with every byte: a server that trickles meets it.
    func updateDeadline() {
        let current = (conversation.progress, writes)
        if let stage = conversation.awaiting {
            if current != timed { deadline.set(after: bound(at: stage)) }
        } else if !writableWaiters.isEmpty {
            if current != timed { deadline.set(after: configuration.timeouts.content) }
        } else {
            deadline.clear()
        }
        timed = current
    }

    private func bound(at stage: SMTPStage) -> Duration {
        if conversation.phase == .probing || (conversation.phase == .quitting && owner != nil) { return probeTimeout }
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
