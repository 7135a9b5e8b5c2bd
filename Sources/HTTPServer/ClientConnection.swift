internal import CMicrohttpd

/// A client's connection, from when it is accepted until it is closed, with the time that it has left.
///
/// libmicrohttpd's own timeout knows idleness only: an octet every few seconds keeps a connection for ever. So each request
/// has a deadline as a whole, from its first octet to the last one of its answer, while the client is the one waited for.
///
/// `@unchecked Sendable`, and safe to hold: used on the thread of its daemon alone, and libmicrohttpd keeps the connection
/// until it has told that it is closed.
@safe final class ClientConnection: @unchecked Sendable {
    /// Octets that earn a second: who sends or reads at this pace never meets the deadline, however large the message is.
    static let octetsPerSecond = 16 * 1024

    let address: HTTPClientAddress
    /// The place in the table, for the table alone.
    var place = 0
    private let connection: OpaquePointer
    private let limits: Limits
    /// In milliseconds of the thread's clock; nil while the client is not waited for.
    private var deadline: Int64?

    /// Times in milliseconds.
    struct Limits {
        let request: Int64
        let idle: Int64
    }

    init(_ connection: OpaquePointer, _ limits: Limits, now: Int64) {
        address = HTTPClientAddress(unsafe cmicrohttpd_client_address(connection))
        unsafe self.connection = connection
        self.limits = limits
        deadline = now + limits.request
    }

    /// The header section has arrived; the body may follow.
    func beginsRequest(now: Int64) {
        deadline = now + limits.request
    }

    /// So many octets of the body came.
    func receives(_ octets: Int) {
        if let deadline { self.deadline = deadline + Self.time(for: octets) }
    }

    /// The request is complete: the client waits for us.
    func waits() {
        deadline = nil
    }

    /// The answer is handed over, and the client has to read it.
    func answers(_ octets: Int, now: Int64) {
        deadline = now + limits.request + Self.time(for: octets)
    }

    /// The answer is written. The next request may come as long as an idle connection is kept, and then takes its time.
    func endsRequest(now: Int64) {
        deadline = now + limits.idle + limits.request
    }

    /// Whether the time is over. Time in which the connection is suspended is ours, and does not count.
    ///
    /// - Parameter interval: how long ago the last look was, in milliseconds.
    func isOverdue(now: Int64, interval: Int64) -> Bool {
        guard let deadline else { return false }
        if unsafe cmicrohttpd_is_suspended(connection) != 0 {
            self.deadline = deadline + interval
            return false
        }
        return deadline <= now
    }

    /// Ends the connection; libmicrohttpd finds it closed and lets it go.
    func giveUp() {
        deadline = nil
        cmicrohttpd_shut(unsafe cmicrohttpd_socket(connection))
    }

    private static func time(for octets: Int) -> Int64 {
        Int64(octets) * 1000 / Int64(octetsPerSecond)
    }
}
