internal import Synchronization

/// The requests that are under way, so that none is left unanswered when the server stops.
final class ExchangeRegistry: Sendable {
    private struct State {
        /// A place for each request; a place is used again when its request is over.
        var places: [Exchange?] = []
        var free: [Int] = []
    }

    private let state = Mutex(State())

    /// Takes a request in, and tells it its place.
    func add(_ exchange: Exchange) {
        state.withLock { state in
            if let place = state.free.popLast() {
                exchange.place = place
                state.places[place] = exchange
            } else {
                exchange.place = state.places.count
                state.places.append(exchange)
            }
        }
    }

    func remove(_ exchange: Exchange) {
        state.withLock { state in
            state.places[exchange.place] = nil
            state.free.append(exchange.place)
        }
    }

    var isEmpty: Bool { state.withLock { $0.free.count == $0.places.count } }

    /// All that are under way.
    var all: [Exchange] { state.withLock { $0.places.compactMap { $0 } } }
}
