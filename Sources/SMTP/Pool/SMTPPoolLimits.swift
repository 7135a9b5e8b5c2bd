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
    /// How old a session may become before it is ended after its message, so that changes in the server's addresses and
    /// certificates are noticed: 5 min, as Postfix has it.
    public var sessionAge: Duration = .seconds(300)
    /// Most messages on one session, or nil for as many as the server takes. Where a server announces fewer with LIMITS
    /// (RFC 9422), that counts; one that ends the session with 421 instead is met with another session.
    public var messagesPerSession: Int?
    /// A session that rested longer than this is asked with NOOP whether its server is still there, before it gets a
    /// message: a firewall on the way may have forgotten the connection without telling either side.
    public var probeAfter: Duration = .seconds(20)
    /// How long the server may take to answer to that NOOP, or to the MAIL of a message on a session that was used before.
    /// Then another session is opened.
    public var probeTimeout: Duration = .seconds(5)
    /// How long after a failed connection no further one is tried while there are other sessions: a server that bounds
    /// the number of its sessions is not asked again and again.
    public var reconnectDelay: Duration = .seconds(1)
    /// Whether the envelope of a message that waits may go out behind the content of the one before, in one write, where
    /// the server offers PIPELINING (RFC 2920, section 3.1): one round trip a message. A server that mishandles it gets
    /// plain transactions from then on.
    public var chainsTransactions = true
    /// How long such a message waits for the reply to the one before. Then it is sent on another session. The default is
    /// long for a relay that answers at once, and short for a person who waits. A server whose answers take more than a
    /// quarter of this time, on the average, gets no chained messages: each that is taken back costs a session.
    public var chainPatience: Duration = .seconds(1)
    /// While the server answers to contents within this time, on the average, `promptSessions` are enough: messages that
    /// wait are chained on them, which costs half the writes. A server on the same host answers in less.
    public var promptReply: Duration = .milliseconds(2)
    /// How many sessions of an event loop must be waiting for the server before a message waits for one of them instead of
    /// using an idle session.
    public var promptSessions = 5

    /// The defaults.
    public init() {}
}
