internal import Crypto
internal import Foundation
internal import InternetMessage
internal import Synchronization

/// Seeds of messages, drawn many at a time: to ask the system for each message's random bits would cost two calls.
///
/// They are the key stream of ChaCha20 under a new key from the system each time, so nobody can guess one from others.
final class MessageSeeds: Sendable {
    static let shared = MessageSeeds()

    /// Seeds that are drawn at once, of 16 octets each.
    private static let batch = 256

    private let unused = Mutex<[MessageSeed]>([])

    /// A seed that no other message has.
    func next() -> MessageSeed {
        unused.withLock { unused in
            if let seed = unused.popLast() { return seed }
            unused = Self.draw()
            return unused.popLast() ?? Self.single()
        }
    }

    private static func draw() -> [MessageSeed] {
        let zeros = Data(count: batch * 16)
        guard let stream = try? ChaChaPoly.seal(zeros, using: SymmetricKey(size: .bits256)).ciphertext else {
            return []
        }
        let octets = Array(stream)
        return stride(from: 0, to: octets.count - 15, by: 16).map { start in
            MessageSeed(high: word(octets[start..<start + 8]), low: word(octets[start + 8..<start + 16]))
        }
    }

    private static func word(_ octets: ArraySlice<UInt8>) -> UInt64 {
        octets.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func single() -> MessageSeed {
        var random = SystemRandomNumberGenerator()
        return MessageSeed(using: &random)
    }
}
