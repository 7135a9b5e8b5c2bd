internal import Synchronization

/// The requests that are under way, so that none is left unanswered when the server stops.
final class ExchangeRegistry: Sendable {
    private struct State {
        /// A place for each request; a place is used again when its request is over.
        var places: [Exchange?] = []
        var free: [Int] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Takes a request in, and tells it its place.
    ///
    /// - Returns: false where the registry is closed.
    func add(_ exchange: Exchange) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            if let place = state.free.popLast() {
                exchange.place = place
                state.places[place] = exchange
            } else {
                exchange.place = state.places.count
                state.places.append(exchange)
            }
            return true
        }
    }

    func remove(_ exchange: Exchange) {
        state.withLock { state in
            state.places[exchange.place] = nil
            state.free.append(exchange.place)
        }
    }

    var isEmpty: Bool { state.withLock { $0.free.count == $0.places.count } }

    /// The requests that are under way.
    var all: [Exchange] { state.withLock { $0.places.compactMap { $0 } } }

    /// Takes no further request, and returns those under way.
    func close() -> [Exchange] {
        state.withLock { state in
            state.isClosed = true
            return state.places.compactMap { $0 }
        }
    }
}
