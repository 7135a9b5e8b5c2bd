/// The bytes of an input, taken one after the other.
struct Input {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    /// The next byte, 0 at the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// The next bytes, as many as there are.
    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// All that is left.
    mutating func remainder() -> [UInt8] { bytes(rest.count) }
}

/// Cuts bytes into pieces whose lengths a seed tells.
func pieces(of bytes: [UInt8], seed: UInt8) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    var state = UInt32(seed) &* 2_654_435_761 &+ 1
    while !rest.isEmpty {
        state = state &* 1_664_525 &+ 1_013_904_223
        let length = seed == 0 ? 1 : Int(state >> 24) % Int(seed) + 1
        pieces.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return pieces
}
