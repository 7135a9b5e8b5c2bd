internal import NIOCore

/// What the shell of a pool has to do next, in the order given.
enum PoolAction<Message> {
    /// Set a session up, and tell `established` or `attemptFailed`.
    case connect
    /// Give up the sessions that are being set up. Each is told by `attemptFailed`.
    case abandonAttempts
    /// Open the message on the session, and tell `opened` or `openFailed`. With no reply to MAIL within the patience, the
    /// session is given up; nil is for as long as any reply may take.
    case open(Message, SessionID, patience: Duration?)
    /// The message cannot be sent: complete it.
    case fail(Message, SMTPError)
    /// The message that was chained on the session is sent on another one; this one ends after the message before it.
    case takeBack(SessionID)
    /// Ask the session's server whether it is still there, and tell `ready` or `closed`.
    case probe(SessionID)
    /// End the session in good order, and tell `closed`.
    case quit(SessionID)
    /// Close the session's connection whatever it does, and tell `closed`.
    case close(SessionID)
    /// The sessions of the warm-up with that number are there, or could not be set up.
    case warmedUp(Int, SMTPError?)
    /// Tell `timePassed` at that time, and not at the one that was named before; never, if it is the distant future.
    case setTimer(NIODeadline)
    /// All sessions have ended.
    case shutdownCompleted
}
