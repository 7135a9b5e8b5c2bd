internal import CMicrohttpd
internal import Synchronization

/// Takes what libmicrohttpd reads to the handler, and the answers back, on the threads of the daemons.
final class RequestDispatcher: Sendable {
    let handler: any HTTPHandler
    /// The requests that are under way, so that none is left when the server stops.
    let exchanges = ExchangeRegistry()
    private let pace: BodyPace.Limits
    private let isStopping = Atomic<Bool>(false)

    init(_ handler: any HTTPHandler, pace: BodyPace.Limits) {
        self.handler = handler
        self.pace = pace
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
        let head = unsafe RequestReader.head(connection, url: url, method: method)
        let exchange = Exchange(head, handler.admit(head), on: thread, pace: pace)
        guard exchanges.add(exchange) else {
            return unsafe queue(
                handler.stopping(head, isHandled: false), to: head, on: connection, of: thread, closes: true)
        }
        unsafe slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
        guard let response = exchange.earlyResponse(handler) else {
            unsafe exchange.beginStreaming(connection, handler)
            return .YES
        }
        // An answer before the body ends the connection: what follows on it would be the body.
        return unsafe queue(response, to: head, on: connection, of: thread, closes: true)
    }

    /// A piece of the body has arrived, or all of it, or the connection goes on after it was suspended.
    func go(
        on connection: OpaquePointer, of thread: DaemonThread, with exchange: Exchange, piece: UnsafePointer<CChar>?,
        size: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        if unsafe size.pointee > 0 {
            switch unsafe exchange.take(UnsafeRawBufferPointer(start: piece, count: size.pointee), from: connection) {
            case .taken: unsafe size.pointee = 0
            // The piece stays where it is, and comes again when the connection goes on.
            case .wait: break
            case .close: return .NO
            }
            return .YES
        }
        switch unsafe exchange.proceed(connection, handler) {
        case .queue(let response):
            return unsafe queue(
                response, to: exchange.head, on: connection, of: thread, closes: isStopping.load(ordering: .relaxed))
        case .wait: return .YES
        }
    }

    private func queue(
        _ response: HTTPResponse, to head: HTTPRequestHead, on connection: OpaquePointer, of thread: DaemonThread,
        closes: Bool
    ) -> MHD_Result {
        handler.answered(head, status: response.status, thread: thread.number)
        return unsafe ResponseQueue.queue(response, to: head, on: connection, closes: closes)
    }

    /// The request is over, answered or not.
    func end(_ exchange: Exchange, _ reason: MHD_RequestTerminationCode) {
        switch reason {
        case .REQUEST_TERMINATED_TIMEOUT_REACHED: exchange.finish(.tooSlow)
        case .REQUEST_TERMINATED_DAEMON_SHUTDOWN: exchange.finish(.stopped)
        default: exchange.finish(.clientGone)
        }
        exchanges.remove(exchange)
    }
}
