/// The keys of the newest records of a file, and where those stand. They are kept here until there are many of them, and
/// then written to the file's index of keys in the order of the keys.
///
/// A key is a digest, so a record that is written at once to an index of many pages changes a page of its own there, which
/// is the most that a record costs. Many that are written in their order share the pages.
struct RecentKeys {
    /// The part of an index that is being written: keys in their order, and those that are done.
    private struct Round {
        let keys: [RecordKey]
        var written = 0
        /// The newest record that it is about.
        let last: Int64
    }

    private var rows: [RecordKey: Int64] = [:]
    private var round: Round?

    /// With so many keys a round begins.
    static let many = 4096
    /// How many keys of a round are written at least with one commit.
    static let slice = 64

    var count: Int { rows.count }

    /// Where the record of a key stands; nil if the index of the file has to be asked.
    subscript(_ key: RecordKey) -> Int64? { rows[key] }

    /// Takes the key of a record that is newer than all that were there before.
    mutating func insert(_ key: RecordKey, at row: Int64) {
        rows[key] = row
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
        /// The newest record that the index has, with all before it; nil if a round goes on.
        var last: Int64?
    }

    /// Takes the next slice; nil if there is nothing to write yet.
    ///
    /// - Parameters:
    ///   - newest: where the newest record stands.
    ///   - added: how many have come since the last slice: the keys are written sooner than others come.
    mutating func takeSlice(newest: Int64, added: Int) -> Slice? {
        if round == nil {
            guard rows.count >= Self.many else { return nil }
            round = Round(keys: rows.keys.sorted { $0.precedes($1) }, last: newest)
        }
        guard var current = round else { return nil }
        let end = min(current.written + max(Self.slice, 2 * added), current.keys.count)
        var slice = Slice()
        for key in current.keys[current.written..<end] {
            // A record that has come or gone since is none of this round.
            guard let row = rows[key], row <= current.last else { continue }
            slice.keys.append((key, row))
            rows[key] = nil
        }
        current.written = end
        if end == current.keys.count {
            slice.last = current.last
            round = nil
        } else {
            round = current
        }
        return slice
    }
}

extension RecordKey {
    /// Whether a key stands before another one in an index, as far as the first eight octets tell: more is not needed to find
    /// keys that share a page.
    fileprivate func precedes(_ other: RecordKey) -> Bool { prefix < other.prefix }
}
