/// How fast a body comes. Only the time counts in which the server waits for the client. A value: it is told the time.
struct BodyPace {
    /// The slowest that is borne. A connection costs memory, and a body that streams costs a session with the relay: a
    /// client that sends an octet now and then must not hold them for ever. Silence is bounded by the idle timeout.
    struct Limits: Sendable {
        /// What any client may take to begin with.
        var grace: Duration
        /// Octets a second on the average afterwards.
        var rate: Int
    }

    private let limits: Limits
    /// Since when the server waits; nil if it does not.
    private var waitsSince: ContinuousClock.Instant?
    private var waited = Duration.zero
    private var received = 0

    init(_ limits: Limits) {
        self.limits = limits
    }

    /// A piece has come.
    ///
    /// - Returns: whether the client may go on.
    mutating func took(_ octets: Int, at now: ContinuousClock.Instant) -> Bool {
        if let waitsSince { waited += now - waitsSince }
        waitsSince = now
        received += octets
        return waited <= limits.grace || waited - limits.grace <= .seconds(1) * received / limits.rate
    }

    /// The server is busy, and what comes next is not waited for.
    mutating func pause() {
        waitsSince = nil
    }
}
