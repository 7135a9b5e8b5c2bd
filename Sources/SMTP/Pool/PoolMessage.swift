internal import NIOCore

/// A message that asks a pool for a session, and its caller, who waits.
final class PoolMessage: Sendable {
    let envelope: Envelope
    private let caller: CheckedContinuation<Result<OpenedInPool, SMTPError>, Never>

    init(_ envelope: Envelope, _ caller: CheckedContinuation<Result<OpenedInPool, SMTPError>, Never>) {
        self.envelope = envelope
        self.caller = caller
    }

    func complete(_ result: Result<OpenedInPool, SMTPError>) {
        caller.resume(returning: result)
    }
}

/// A message that is open on a session of a pool.
struct OpenedInPool: Sendable {
    let session: SMTPSession
    let opened: SMTPSession.Opened
    /// How long the message waited for the session.
    let waited: TimeAmount
}
