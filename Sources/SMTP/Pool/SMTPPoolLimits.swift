/// The bounds of a pool of sessions.
public struct SMTPPoolLimits: Hashable, Sendable {
    /// Most sessions open to the server at once.
    public var sessions = 16
    /// How long a message may wait for a session.
    public var queueTimeout: Duration = .seconds(30)
    /// Most messages that wait at once.
    public var queueLength = 10_000
    /// How long a session may stay unused before it is ended. Servers end them by themselves after some minutes, and
    /// sooner when they are busy.
    public var idleTimeout: Duration = .seconds(60)
    /// How long after a failed connection no further one is tried while there are other sessions: a server that bounds
    /// the number of its sessions is not asked again and again.
    public var reconnectDelay: Duration = .seconds(1)

    /// The defaults.
    public init() {}
}
