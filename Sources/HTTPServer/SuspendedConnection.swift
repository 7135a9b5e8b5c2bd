internal import CMicrohttpd

/// A connection that libmicrohttpd leaves alone until it is resumed.
///
/// `@unchecked Sendable`, and safe to hold: libmicrohttpd keeps a suspended connection until it is resumed, allows that
/// from any thread, and `Exchange` takes this value out of its state before it resumes, so that happens once.
@safe struct SuspendedConnection: @unchecked Sendable {
    private let connection: OpaquePointer

    /// Suspends a connection, on the thread that owns it.
    init(suspending connection: OpaquePointer) {
        unsafe MHD_suspend_connection(connection)
        unsafe self.connection = connection
    }

    func resume() {
        unsafe MHD_resume_connection(connection)
    }
}
