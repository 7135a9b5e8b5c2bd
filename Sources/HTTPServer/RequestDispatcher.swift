internal import CMicrohttpd
internal import Synchronization

/// Takes requests to the handler and responses to libmicrohttpd, on the threads of the daemons.
final class RequestDispatcher: Sendable {
    let handler: any HTTPHandler
    /// The requests that are under way, so that none is left when the server stops.
    let exchanges = ExchangeRegistry()
    private let pace: BodyPace.Limits
    /// How many connections each address has, if that is limited.
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

    /// The header section of a request has arrived.
    ///
    /// - Returns: the request; nil if the server stops and takes none.
    func begin(_ head: HTTPRequestHead, of client: ClientConnection, on thread: DaemonThread) -> Exchange? {
        let exchange = Exchange(head, handler.admit(head), from: client, on: thread, pace: pace)
        return exchanges.add(exchange) ? exchange : nil
    }

    /// libmicrohttpd asks for the response, when it has the request and each time that the connection goes on.
    func proceed(with exchange: Exchange, on connection: OpaquePointer) -> MHD_Result {
        switch unsafe exchange.proceed(connection) {
        case .wait: return .YES
        case .queue(let response):
            exchange.client.answers(response.body.count)
            handler.answered(exchange.head, status: response.status, thread: exchange.thread.number)
            let closes = isStopping.load(ordering: .relaxed) || exchange.thread.isRetiring
            return unsafe ResponseQueue.queue(response, to: exchange.head, on: connection, closes: closes)
        }
    }

    /// The request is over, answered or not.
    ///
    /// - Parameter error: why the rest of the body does not come, if it had not come to its end.
    func end(_ exchange: Exchange, _ error: HTTPBodyError) {
        exchange.finish(error)
        exchanges.remove(exchange)
    }
}
