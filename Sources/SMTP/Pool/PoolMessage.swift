/// A message that asks a pool for a session. It is told once how that went, on the pool's event loop.
protocol PoolMessage: AnyObject {
    var envelope: Envelope { get }

    /// A session took the envelope, and waits for the content.
    func opened(_ opened: OpenedInPool)
    /// The message cannot be sent.
    func failed(_ error: SMTPError)
}
