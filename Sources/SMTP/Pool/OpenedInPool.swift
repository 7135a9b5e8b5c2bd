internal import NIOCore

/// A message that is open on a session of a pool.
struct OpenedInPool: Sendable {
    let session: SMTPSession
    let opened: SMTPSession.Opened
    /// How long the message waited for the session.
    let waited: TimeAmount
}
