/// Tells keys that are certainly new from those that may have a record: a Bloom filter, which never says "new" of a key that
/// it was given.
///
/// It takes one megabyte, whatever it holds. With more keys than it is made for, more of them only may have a record.
struct KeyFilter: Sendable {
    /// With so many keys it takes one in forty others for one of them.
    static let capacity = 1_000_000
    private static let bits = 1 << 23
    private var words = [UInt64](repeating: 0, count: bits / 64)

    /// Whether the key may have been given.
    func contains(_ key: RecordKey) -> Bool {
        Self.places(of: key).allSatisfy { words[$0 / 64] & 1 << UInt64($0 % 64) != 0 }
    }

    mutating func insert(_ key: RecordKey) {
        for place in Self.places(of: key) { words[place / 64] |= 1 << UInt64(place % 64) }
    }

    /// Four places. A key is a digest, so any of its bits are as good as random.
    private static func places(of key: RecordKey) -> [Int] {
        stride(from: 0, to: min(16, key.octets.count - 3), by: 4).map { start in
            key.octets[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } % bits
        }
    }
}
