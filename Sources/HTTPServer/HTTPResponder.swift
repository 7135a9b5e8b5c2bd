/// Answers one request, once, from any thread.
///
/// A responder that goes away without an answer answers 500, so that no connection waits for ever.
public final class HTTPResponder: Sendable {
    private let exchange: Exchange

    init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    deinit {
        exchange.respond(.plain(500, "the request was not answered\n"))
    }

    /// Sends the answer. Any further one is ignored.
    public func respond(_ response: HTTPResponse) {
        exchange.respond(response)
    }
}
