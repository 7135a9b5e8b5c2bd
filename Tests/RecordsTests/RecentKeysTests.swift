import Testing

@testable import Records

/// Keys that are written to the index of a file in rounds.
@Suite struct RecentKeysTests {
    private func key(_ number: Int) -> RecordKey { RecordKey(caller: nil, text: "\(number)", index: nil) }

    /// As many as a round needs, at rows from 1 on.
    private func many() -> RecentKeys {
        var keys = RecentKeys()
        for number in 1...RecentKeys.roundThreshold { keys.insert(key(number), at: Int64(number)) }
        return keys
    }

    private func isBefore(_ one: RecordKey, _ other: RecordKey) -> Bool {
        one.octets.lexicographicallyPrecedes(other.octets)
    }

    @Test func nothingIsWrittenBeforeThereAreMany() {
        var keys = RecentKeys()
        for number in 1..<RecentKeys.roundThreshold { keys.insert(key(number), at: Int64(number)) }
        let slice = keys.takeSlice()
        #expect(slice == nil)
        #expect(keys[key(7)] == 7)
        #expect(keys[key(0)] == nil)
    }

    @Test func aRoundWritesAllInTheirOrder() throws {
        var keys = many()
        var written: [RecordKey: Int64] = [:]
        var last: RecordKey?
        var slices = 0
        while true {
            let taken = keys.takeSlice()
            let slice = try #require(taken)
            slices += 1
            for (key, row) in slice.keys {
                if let last { #expect(isBefore(last, key)) }
                last = key
                written[key] = row
                // From now on the index is asked.
                #expect(keys[key] == nil)
            }
            guard let end = slice.indexedThrough else { continue }
            #expect(end == Int64(RecentKeys.roundThreshold))
            break
        }
        #expect(slices == RecentKeys.roundThreshold / RecentKeys.minimumSlice)
        #expect(written.count == RecentKeys.roundThreshold)
        #expect(written[key(7)] == 7)
        #expect(keys.count == 0)
        let next = keys.takeSlice()
        #expect(next == nil)
    }

    /// What comes while a round goes on is of the next one, also under a key that is in both; what goes is of none.
    @Test func whatComesAndGoesMeanwhile() throws {
        var keys = many()
        let taken = keys.takeSlice()
        var written = Set(try #require(taken).keys.map(\.key))
        let waiting = (1...RecentKeys.roundThreshold).map(key).filter { !written.contains($0) }
        let (again, gone) = (waiting[0], waiting[1])
        keys.insert(again, at: 5000)
        let place = try #require(keys[gone])
        let (isOther, isRemoved) = (keys.remove(gone, at: place + 1), keys.remove(gone, at: place))
        #expect(!isOther)
        #expect(isRemoved)
        keys.insert(key(0), at: 5001)
        var end: Int64?
        while end == nil {
            let taken = keys.takeSlice()
            let slice = try #require(taken)
            written.formUnion(slice.keys.map(\.key))
            end = slice.indexedThrough
        }
        #expect(end == Int64(RecentKeys.roundThreshold))
        #expect(written.count == RecentKeys.roundThreshold - 2)
        #expect(!written.contains(again) && !written.contains(gone))
        #expect(keys[again] == 5000)
        #expect(keys[key(0)] == 5001)
        #expect(keys.count == 2)
    }

    /// The more come, the more are written: what waits does not grow.
    @Test func slicesKeepUpWithWhatComes() throws {
        var keys = many()
        var next = RecentKeys.roundThreshold
        for _ in 0..<100 {
            for _ in 0..<300 {
                next += 1
                keys.insert(key(next), at: Int64(next))
            }
            _ = keys.takeSlice()
        }
        #expect(keys.count < 3 * RecentKeys.roundThreshold)
    }
}
