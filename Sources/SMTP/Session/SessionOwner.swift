/// Who wants to know what becomes of a connection besides the caller of the moment: the pool. Called on the
/// connection's event loop.
protocol SessionOwner: AnyObject {
    /// The connection can take a transaction: it was just set up, or its last transaction is over.
    func connectionBecameReady(_ connection: Connection)
    /// The connection is closed and of no more use.
    func connectionClosed(_ connection: Connection, error: SMTPError)
}
