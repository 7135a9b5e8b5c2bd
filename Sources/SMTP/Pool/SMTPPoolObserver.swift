/// Who is told how the sessions of a pool come about. Called on the pool's event loops; must not wait.
public protocol SMTPPoolObserver: Sendable {
    /// A session was set up.
    ///
    /// - Parameters:
    ///   - connect: how long the TCP connection took, the name's resolution included.
    ///   - tls: how long the TLS handshake took; nil without TLS.
    func sessionEstablished(connect: Duration, tls: Duration?)

    /// A session could not be set up.
    func sessionFailed(_ error: SMTPError)
}
