internal import NIOCore

/// Who wants to know what becomes of a connection besides the caller of the moment: the pool. Called on the
/// connection's event loop.
protocol SessionOwner: AnyObject {
    /// The connection can take a transaction: it was just set up, or its last transaction is over.
    func connectionBecameReady(_ connection: Connection)
    /// The server has answered to a content, so long after its final dot was handed to the socket.
    func connection(_ connection: Connection, answeredAfter duration: TimeAmount)
    /// The connection is about to finish a content.
    ///
    /// - Returns: an envelope to send right behind it, for which ``Connection/mayChain(_:)`` is true, or nil.
    func connectionMayChain(_ connection: Connection) -> ChainedEnvelope?
    /// The connection is closed and of no more use.
    func connectionClosed(_ connection: Connection, error: SMTPError)
}

/// An envelope that goes out behind the content of the message before it.
struct ChainedEnvelope {
    let envelope: Envelope
    let completion: Connection.OpenCompletion
}
