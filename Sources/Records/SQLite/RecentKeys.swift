/// The keys of the newest records of a file, and where those stand. They are kept here until there are many of them, and
/// then written to the file's index of keys in the order of the keys.
///
/// A key is a digest, so to insert one at once changes a page of the index for it alone, which is the largest cost of a record.
/// Keys that are written in their order share pages.
struct RecentKeys {
    /// A part of the index that is being written.
    private struct Round {
        /// All keys of the round, in their order.
        let keys: [RecordKey]
        var written = 0
        /// The newest record that the round is about.
        let newest: Int64
    }

    private var rows: [RecordKey: Int64] = [:]
    private var newest: Int64 = 0
    /// How many have come since the last slice of the round.
    private var added = 0
    private var round: Round?

    /// With so many keys a round begins.
    static let roundThreshold = 4096
    /// How many keys of a round are written at least with one commit.
    static let minimumSlice = 64

    var count: Int { rows.count }

    /// Where the record of a key stands; nil if the index of the file has to be asked.
    subscript(_ key: RecordKey) -> Int64? { rows[key] }

    /// Takes the key of a record that is newer than all that were there before.
    mutating func insert(_ key: RecordKey, at row: Int64) {
        rows[key] = row
        newest = row
        added += 1
    }

    /// Forgets the record that stands there.
    ///
    /// - Returns: whether it was known; otherwise the index has it.
    mutating func remove(_ key: RecordKey, at row: Int64) -> Bool {
        guard rows[key] == row else { return false }
        rows[key] = nil
        return true
    }

    /// What to write with the next commit.
    struct Slice {
        /// Keys in their order, and where their records stand. The index has to be asked for them from now on.
        var keys: [(key: RecordKey, row: Int64)] = []
        /// The index has this record and all before it, once the slice is written; nil if the round goes on.
        var indexedThrough: Int64?
    }

    /// Takes the next slice; nil if there is nothing to write yet. The more keys have come since the last one, the more are
    /// written, so that they do not become more and more.
    mutating func takeSlice() -> Slice? {
        if round == nil {
            guard rows.count >= Self.roundThreshold else { return nil }
            // The first octets are enough to find keys that share a page.
            round = Round(keys: rows.keys.sorted { $0.prefix < $1.prefix }, newest: newest)
            added = 0
        }
        guard var current = round else { return nil }
        let end = min(current.written + max(Self.minimumSlice, 2 * added), current.keys.count)
        added = 0
        var slice = Slice()
        for key in current.keys[current.written..<end] {
            // Keys that were removed, or have come again, since the round began are none of it.
            guard let row = rows[key], row <= current.newest else { continue }
            slice.keys.append((key, row))
            rows[key] = nil
        }
        current.written = end
        if end == current.keys.count {
            slice.indexedThrough = current.newest
            round = nil
        } else {
            round = current
        }
        return slice
    }
}
