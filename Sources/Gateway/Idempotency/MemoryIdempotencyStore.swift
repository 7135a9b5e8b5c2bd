internal import Logging
internal import Synchronization

/// Keeps answers in the memory of this process, for a time and up to so many octets.
final class MemoryIdempotencyStore: IdempotencyStore {
    private struct Entry {
        let message: MessageFingerprint
        var state: State
        /// Tells the entry's place in the order of expiry from places that it has left.
        var round: UInt64
        var size: Int
    }

    private enum State {
        case inFlight
        case final(KeptAnswer)
        /// Nothing was sent: the key may be used again.
        case open
    }

    private struct Place {
        let key: IdempotencyKey
        let round: UInt64
        let expiry: ContinuousClock.Instant
    }

    private struct Kept {
        var entries: [IdempotencyKey: Entry] = [:]
        /// The entries that have ended, the oldest first; places that an entry has left are ignored.
        var order: [Place] = []
        /// Where `order` begins.
        var first = 0
        var round: UInt64 = 0
        var size = 0
        /// Answers that had to go before their time since the log was last told.
        var evicted = 0
        var nextWarning: ContinuousClock.Instant?
    }

    /// Octets of an entry beside its key and its answer: fingerprint, states, the places in dictionary and order.
    private static let overhead = 256
    /// How often the log is told at most.
    private static let warningInterval: Duration = .seconds(60)

    private let limits: IdempotencyLimits
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let kept = Mutex(Kept())

    init(
        _ limits: IdempotencyLimits, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.limits = limits
        self.logger = logger
        self.now = now
    }

    /// Keys that are kept.
    var count: Int { kept.withLock { $0.entries.count } }
    /// Places in the order of expiry, those that were left among them.
    var places: Int { kept.withLock { $0.order.count } }

    func begin(_ key: IdempotencyKey, for message: MessageFingerprint) -> IdempotencyDecision {
        let now = now()
        return kept.withLock { kept in
            Self.expire(&kept, now)
            guard var entry = kept.entries[key] else {
                let size = key.size + Self.overhead
                kept.entries[key] = Entry(message: message, state: .inFlight, round: 0, size: size)
                kept.size += size
                return .begun
            }
            guard entry.message == message else { return .otherMessage }
            switch entry.state {
            case .inFlight: return .inFlight
            case .final(let answer): return .replay(answer)
            case .open:
                entry.state = .inFlight
                entry.round = 0
                kept.entries[key] = entry
                return .begun
            }
        }
    }

    func end(_ key: IdempotencyKey, keeping answer: KeptAnswer?) {
        let now = now()
        let evicted = kept.withLock { kept in
            guard var entry = kept.entries[key] else { return 0 }
            kept.round += 1
            entry.round = kept.round
            if let answer {
                entry.state = .final(answer)
                entry.size += answer.size
                kept.size += answer.size
            } else {
                entry.state = .open
            }
            kept.entries[key] = entry
            kept.order.append(Place(key: key, round: entry.round, expiry: now + limits.lifetime))
            let before = kept.entries.count
            while kept.size > limits.octets, Self.removeFirst(&kept) {}
            kept.evicted += before - kept.entries.count
            Self.compact(&kept)
            return Self.warning(&kept, now)
        }
        if evicted > 0 {
            logger.warning(
                "answers under Idempotency-Keys were forgotten before their time: raise POSTERN_IDEMPOTENCY_BYTES",
                metadata: ["answers": "\(evicted)"])
        }
    }

    // MARK: Time and room

    private static func expire(_ kept: inout Kept, _ now: ContinuousClock.Instant) {
        while kept.first < kept.order.count, kept.order[kept.first].expiry <= now, removeFirst(&kept) {}
        compact(&kept)
    }

    /// Takes the oldest place out, and its entry where that has not moved on.
    private static func removeFirst(_ kept: inout Kept) -> Bool {
        guard kept.first < kept.order.count else { return false }
        let place = kept.order[kept.first]
        kept.first += 1
        if let entry = kept.entries[place.key], entry.round == place.round {
            kept.entries[place.key] = nil
            kept.size -= entry.size
        }
        return true
    }

    /// Gives back what has been passed, and the places of entries that have moved on, once they are as many as those
    /// that count: a client that uses one key again and again takes no more room than others.
    private static func compact(_ kept: inout Kept) {
        guard kept.order.count > 2 * kept.entries.count + 64 else { return }
        kept.order = kept.order[kept.first...].filter { kept.entries[$0.key]?.round == $0.round }
        kept.first = 0
    }

    private static func warning(_ kept: inout Kept, _ now: ContinuousClock.Instant) -> Int {
        guard kept.evicted > 0, kept.nextWarning.map({ $0 <= now }) ?? true else { return 0 }
        kept.nextWarning = now + warningInterval
        defer { kept.evicted = 0 }
        return kept.evicted
    }
}
