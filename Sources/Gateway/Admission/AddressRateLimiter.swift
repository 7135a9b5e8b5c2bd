internal import HTTPServer
internal import Settings
internal import Synchronization

/// Counts requests of each client address against a rate.
final class AddressRateLimiter: Sendable {
    /// Addresses that are counted at once. Beyond them, addresses that come anew share one count: what is kept stays
    /// bounded, and many addresses are no way around the limit.
    static let maximumAddresses = 65_536

    private struct Counts {
        /// For each address, when what it took will have been earned again.
        var earned: [HTTPClientAddress: Int64] = [:]
        var shared = Int64.min
        var nextCleaning = 0
    }

    private let rate: Rate
    private let counts = Mutex(Counts())

    init(_ rate: Rate) {
        self.rate = rate
    }

    /// Addresses that are counted now.
    var count: Int { counts.withLock { $0.earned.count } }

    /// Takes one for an address; of IPv6, for its network of 64 bits, which one client has whole.
    ///
    /// - Returns: nil if there was one, otherwise nanoseconds until there is.
    func take(_ address: HTTPClientAddress, now: Int64) -> Int64? {
        counts.withLock { counts in
            let network = address.network
            let known = counts.earned[network]
            if known == nil, counts.earned.count >= Self.maximumAddresses {
                clean(&counts, now)
                if counts.earned.count >= Self.maximumAddresses { return take(&counts.shared, now) }
            }
            var earned = known ?? .min
            let wait = take(&earned, now)
            counts.earned[network] = earned
            return wait
        }
    }

    private func take(_ earned: inout Int64, _ now: Int64) -> Int64? {
        switch RateLimiter.take(1, rate, from: earned, now: now) {
        case .success(let after):
            earned = after
            return nil
        case .failure(let wait): return wait.nanoseconds
        }
    }

    /// Forgets addresses that have earned everything again: at most once for so many requests as it looks at addresses.
    private func clean(_ counts: inout Counts, _ now: Int64) {
        counts.nextCleaning -= 1
        guard counts.nextCleaning <= 0 else { return }
        counts.nextCleaning = Self.maximumAddresses
        counts.earned = counts.earned.filter { $0.value > now }
    }
}
