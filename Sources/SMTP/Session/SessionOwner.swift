/// Who wants to know what becomes of a session besides the caller of the moment: the pool. Called on the session's event
/// loop.
protocol SessionOwner: AnyObject {
    /// The session can take a transaction: it was just set up, its last transaction is over, or it answered to a probe.
    func sessionBecameReady(_ session: SessionID)
    /// The end of the content is about to go out.
    ///
    /// - Returns: an envelope to send right behind it, for which ``Connection/mayChain(_:)`` is true, or nil.
    func sessionFinishes(_ session: SessionID) -> ChainedEnvelope?
    /// The server has replied to the end of the content, or never will.
    ///
    /// - Parameters:
    ///   - isTaken: whether it took the message.
    ///   - isReply: whether it said anything.
    func sessionFinished(_ session: SessionID, isTaken: Bool, isReply: Bool)
    /// The session is of no more use.
    func sessionClosed(_ session: SessionID, error: SMTPError)
}
