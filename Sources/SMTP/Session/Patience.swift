/// How long a connection waits besides its timeouts, and for what it waits now.
struct Patience {
    /// How long the server may take to answer to NOOP while it is being probed, or to QUIT.
    var probe = Duration.zero
    /// How long the server may take for the reply to MAIL in a session that was used before, or nil for as long as for any
    /// reply: with no reply at all, the message is sent on another session.
    var mail: Duration?
    /// How many pieces of content were written that there was no room for.
    var writes = 0
    /// What the deadline was last set for.
    private var timed = (-1, -1)

    /// Whether something else is waited for than at the last call: a deadline begins with a command, a reply or a write.
    mutating func isNew(_ progress: Int) -> Bool {
        defer { timed = (progress, writes) }
        return timed != (progress, writes)
    }
}
