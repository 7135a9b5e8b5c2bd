internal import OctetSearch

/// 128 random bits, of which the message identifier and the boundaries are made.
///
/// The composer has no source of randomness of its own: the same message with the same seed gives the same octets.
/// Two messages must not have the same seed, and nobody outside should be able to guess one.
public struct MessageSeed: Hashable, Sendable {
    /// The first 64 bits.
    public let high: UInt64
    /// The last 64 bits.
    public let low: UInt64

    /// Takes bits that were chosen elsewhere.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws the bits from a generator.
    public init(using generator: inout some RandomNumberGenerator) {
        high = generator.next()
        low = generator.next()
    }

    /// Another seed, computed from this one: the attempt with that number at a boundary.
    func derived(_ number: UInt64) -> MessageSeed {
        MessageSeed(high: Self.mixed(high &+ number &+ 1), low: Self.mixed(low ^ (number &+ 1)))
    }

    /// Appends 32 hexadecimal digits.
    func appendHexadecimal(to octets: inout [UInt8]) {
        var digits = InlineArray<32, UInt8>(repeating: 0)
        for index in digits.indices {
            let word = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> (60 &- UInt64(index & 15) &* 4)) & 0xF
            digits[index] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &- 10 &+ digit
        }
        octets.append(copying: digits.span)
    }

    /// Spreads every bit over the word, so that neither number nor neighbouring seeds show in the result.
    private static func mixed(_ word: UInt64) -> UInt64 {
        var mixed = word &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 31)) &* 0xD6E8_FEB8_6659_FD93
        return mixed ^ (mixed >> 32)
    }
}
