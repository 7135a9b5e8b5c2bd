internal import Logging
internal import Synchronization

/// Keeps records in the memory of this process, for a time and up to so many octets. They end with the process.
final class MemoryRecordStore: RecordStore {
    private struct Entry {
        var record: Record
        /// Tells the entry's place in the order of expiry from places that it has left.
        var round: UInt64
        var size: Int
    }

    private struct Place {
        let key: RecordKey
        let round: UInt64
        let expiry: ContinuousClock.Instant
    }

    private struct Kept {
        var entries: [RecordKey: Entry] = [:]
        /// The entries that have ended, the oldest first; places that an entry has left are ignored.
        var order: [Place] = []
        /// Where `order` begins.
        var first = 0
        var round: UInt64 = 0
        var size = 0
        var evictions: Evictions
    }

    let secret: RecordSecret? = RecordSecret()
    private let limits: RecordLimits
    private let owner = RecordOwner(InstanceID(), attempt: 0)
    private let now: @Sendable () -> ContinuousClock.Instant
    private let kept: Mutex<Kept>

    /// - Parameter now: the time, which tests turn.
    init(
        _ limits: RecordLimits, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.limits = limits
        self.now = now
        kept = Mutex(Kept(evictions: Evictions(logger: logger)))
    }

    var status: RecordStoreStatus {
        var status = RecordStoreStatus(.memory)
        status.evicted = kept.withLock { $0.evictions.count }
        return status
    }

    /// Keys that are kept.
    var count: Int { kept.withLock { $0.entries.count } }
    /// Places in the order of expiry, those that were left among them.
    var places: Int { kept.withLock { $0.order.count } }

    func claim(
        _ key: RecordKey, for message: MessageFingerprint,
        completion: @escaping @Sendable (Result<RecordDecision, RecordStoreError>) -> Void
    ) -> Result<RecordDecision, RecordStoreError>? {
        let now = now()
        return kept.withLock { kept in
            Self.expire(&kept, now)
            let entry = kept.entries[key]
            let (decision, record) = Record.claim(entry?.record, for: message, by: owner) { _ in false }
            if let record {
                let size = RecordLimits.overhead
                kept.entries[key] = Entry(record: record, round: 0, size: size)
                kept.size += size - (entry?.size ?? 0)
            }
            return .success(decision)
        }
    }

    func startSending(
        _ key: RecordKey, completion: @escaping @Sendable (Result<Void, RecordStoreError>) -> Void
    ) -> Result<Void, RecordStoreError>? {
        let isOwner = kept.withLock { kept in
            guard let record = kept.entries[key]?.record.startSending(by: owner) else { return false }
            kept.entries[key]?.record = record
            return true
        }
        return isOwner ? .success(()) : .failure(.lost)
    }

    func end(_ key: RecordKey, as end: RecordEnd, completion: @escaping @Sendable () -> Void) -> Bool {
        let now = now()
        kept.withLock { kept in
            guard var entry = kept.entries[key] else { return }
            switch entry.record.end(by: owner, as: end) {
            case .isLost: return
            case .remove:
                kept.entries[key] = nil
                kept.size -= entry.size
            case .keep(let record):
                kept.round += 1
                entry.round = kept.round
                entry.record = record
                if case .done(let response) = end {
                    entry.size += response.size
                    kept.size += response.size
                }
                kept.entries[key] = entry
                kept.order.append(Place(key: key, round: entry.round, expiry: now + limits.lifetime))
                let before = kept.entries.count
                while kept.size > limits.octets, Self.removeFirst(&kept) {}
                kept.evictions.add(before - kept.entries.count, now)
                Self.compact(&kept)
            }
        }
        return true
    }

    func close() {}

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
}
