internal import CMicrohttpd
internal import Synchronization

/// Takes what libmicrohttpd reads to the handler, and the answers back, on the threads of the daemons.
final class RequestDispatcher: Sendable {
    let handler: any HTTPHandler
    /// The requests that are under way, so that none is left when the server stops.
    let exchanges = ExchangeRegistry()
    private let pace: BodyPace.Limits
    /// How many connections each address has, where that is limited.
    let addressCounts: AddressCounts?
    private let isStopping = Atomic<Bool>(false)

    init(_ handler: any HTTPHandler, pace: BodyPace.Limits, connectionsPerAddress: Int?) {
        self.handler = handler
        self.pace = pace
        addressCounts = connectionsPerAddress.map { AddressCounts(limit: $0) }
    }

    /// From here on each connection is closed after its next answer.
    ///
    /// - Returns: false where that was so before.
    func beginStopping() -> Bool {
        !isStopping.exchange(true, ordering: .relaxed)
    }

    /// The header section has arrived.
    func begin(
        _ connection: OpaquePointer, of thread: DaemonThread, url: UnsafePointer<CChar>, method: UnsafePointer<CChar>,
        slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    ) -> MHD_Result {
        guard let stored = unsafe cmicrohttpd_connection_context(connection) else { return .NO }
        // It was retained when the connection began, and is released when it ends.
        let client = unsafe Unmanaged<ClientConnection>.fromOpaque(stored).takeUnretainedValue()
        client.beginsRequest(now: thread.now)
        let head = unsafe RequestReader.head(connection, of: client, url: url, method: method)
        let exchange = Exchange(head, handler.admit(head), from: client, on: thread, pace: pace)
        guard exchanges.add(exchange) else {
            return unsafe queue(
                handler.stopping(head, isHandled: false), to: exchange, on: connection, closes: true)
        }
        unsafe slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
        guard let response = exchange.earlyResponse(handler) else {
            unsafe exchange.beginStreaming(connection, handler)
            return .YES
        }
        // An answer before the body ends the connection: what follows on it would be the body.
        return unsafe queue(response, to: exchange, on: connection, closes: true)
    }

    /// A piece of the body has arrived, or all of it, or the connection goes on after it was suspended.
    func go(
        on connection: OpaquePointer, of thread: DaemonThread, with exchange: Exchange, piece: UnsafePointer<CChar>?,
        size: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        if unsafe size.pointee > 0 {
            switch unsafe exchange.take(UnsafeRawBufferPointer(start: piece, count: size.pointee), from: connection) {
            case .taken:
                exchange.client.receives(unsafe size.pointee)
                unsafe size.pointee = 0
            // The piece stays where it is, and comes again when the connection goes on.
            case .wait: break
            case .close: return .NO
            }
            return .YES
        }
        exchange.client.waits()
        switch unsafe exchange.proceed(connection, handler) {
        case .queue(let response):
            return unsafe queue(
                response, to: exchange, on: connection,
                closes: isStopping.load(ordering: .relaxed) || thread.isRetiring)
        case .wait: return .YES
        }
    }

    private func queue(
        _ response: HTTPResponse, to exchange: Exchange, on connection: OpaquePointer, closes: Bool
    ) -> MHD_Result {
        exchange.client.answers(response.body.count, now: exchange.thread.now)
        handler.answered(exchange.head, status: response.status, thread: exchange.thread.number)
        return unsafe ResponseQueue.queue(response, to: exchange.head, on: connection, closes: closes)
    }

    /// The request is over, answered or not.
    func end(_ exchange: Exchange, _ reason: MHD_RequestTerminationCode) {
        exchange.client.endsRequest(now: exchange.thread.now)
        switch reason {
        case .REQUEST_TERMINATED_TIMEOUT_REACHED: exchange.finish(.tooSlow)
        case .REQUEST_TERMINATED_DAEMON_SHUTDOWN: exchange.finish(.stopped)
        default: exchange.finish(.clientGone)
        }
        exchanges.remove(exchange)
    }
}
