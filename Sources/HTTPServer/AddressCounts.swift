internal import Synchronization

/// How many connections each client address has, over all daemons of a server.
final class AddressCounts: Sendable {
    private let limit: Int
    private let counts = Mutex<[HTTPClientAddress: Int]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    func allows(_ address: HTTPClientAddress) -> Bool {
        counts.withLock { $0[address.network] ?? 0 } < limit
    }

    func add(_ address: HTTPClientAddress) {
        counts.withLock { $0[address.network, default: 0] += 1 }
    }

    func remove(_ address: HTTPClientAddress) {
        counts.withLock { counts in
            let left = (counts[address.network] ?? 1) - 1
            counts[address.network] = left > 0 ? left : nil
        }
    }
}
