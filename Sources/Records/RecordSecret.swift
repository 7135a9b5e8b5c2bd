internal import Crypto

/// What identifiers of messages under a key are made with: the same key gives the same identifier, in every process that
/// shares the store, and nobody else can tell it.
public struct RecordSecret: Hashable, Sendable {
    /// 32 octets.
    let octets: [UInt8]

    /// A new secret.
    init() {
        var generator = SystemRandomNumberGenerator()
        octets = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    init(octets: [UInt8]) {
        self.octets = octets
    }

    /// 128 bits that belong to a key (an HMAC with SHA-256, RFC 2104, cut in half).
    public func seed(of key: RecordKey) -> (high: UInt64, low: UInt64) {
        let code = Array(HMAC<SHA256>.authenticationCode(for: key.octets, using: SymmetricKey(data: octets)))
        func word(_ octets: ArraySlice<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }
        return (word(code[0..<8]), word(code[8..<16]))
    }
}
