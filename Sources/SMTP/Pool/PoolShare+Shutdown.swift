internal import NIOCore

/// How a share of a pool ends.
extension PoolShare {
    func shutdown(grace: Duration, completion: @escaping () -> Void) {
        isShutDown = true
        shutdownCompletions.append(completion)
        let unserved = takeAllWaiters()
        for waiter in unserved {
            waiter.completion(.failure(SMTPError(.shutDown, stage: .connect, detail: "the pool is shut down")))
        }
        finishWarmUps(SMTPError(.shutDown, stage: .connect, detail: "the pool is shut down"))
        graceDeadline.set(after: grace)
        let unused = idle
        idle = []
        for session in unused { end(session) }
        // No message needs them any more.
        for attempt in attempts { attempt.close("the pool is shut down", reason: .shutDown) }
        finishShutdown()
    }

    func abort() {
        for session in Array(sessions.values) + Array(leaving.values) {
            session.connection.close("the pool is shut down", reason: .shutDown)
        }
        finishShutdown()
    }

    func finishShutdown() {
        guard isShutDown, sessions.isEmpty, leaving.isEmpty, connecting == 0 else { return }
        for deadline in [queueDeadline, idleDeadline, graceDeadline, chainDeadline, promptDeadline, reconnectDeadline] {
            deadline.cancel()
        }
        let completions = shutdownCompletions
        shutdownCompletions = []
        for completion in completions { completion() }
    }
}
