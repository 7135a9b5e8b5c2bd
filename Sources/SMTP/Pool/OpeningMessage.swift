/// A message whose content is written by whoever opens it, and waits for that here.
final class OpeningMessage: PoolMessage, Sendable {
    let envelope: Envelope
    private let caller: CheckedContinuation<Result<OpenedInPool, SMTPError>, Never>

    init(_ envelope: Envelope, _ caller: CheckedContinuation<Result<OpenedInPool, SMTPError>, Never>) {
        self.envelope = envelope
        self.caller = caller
    }

    func opened(_ opened: OpenedInPool) {
        caller.resume(returning: .success(opened))
    }

    func failed(_ error: SMTPError) {
        caller.resume(returning: .failure(error))
    }
}
