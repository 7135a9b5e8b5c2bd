internal import CMicrohttpd

/// A connection that libmicrohttpd leaves alone until it goes on.
///
/// `@unchecked Sendable`, and safe to hold: libmicrohttpd keeps a suspended connection until it is resumed, and
/// `Exchange` takes this value out of its state before it hands it to the thread, so that happens once.
@safe struct SuspendedConnection: @unchecked Sendable {
    private let connection: OpaquePointer

    /// Suspends a connection, on the thread that owns it.
    init(suspending connection: OpaquePointer) {
        unsafe MHD_suspend_connection(connection)
        unsafe self.connection = connection
    }

    /// On the thread that owns the connection: the next `MHD_run` calls for its answer.
    func goOn() {
        unsafe MHD_resume_connection(connection)
    }
}
