internal import Crypto

/// What identifiers of messages under a key are made with: the same key gives the same identifier, in every process that
/// shares the store, and nobody else can tell it.
public struct RecordSecret: Hashable, Sendable {
    /// 32 octets.
    let octets: [UInt8]
    /// What has been computed of the code when only the secret is known.
    private let code: HMAC<SHA256>

    /// A new secret.
    init() {
        var generator = SystemRandomNumberGenerator()
        self.init(octets: (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    init(octets: [UInt8]) {
        self.octets = octets
        code = HMAC(key: SymmetricKey(data: octets))
    }

    /// Whether both are the same secret.
    public static func == (one: RecordSecret, other: RecordSecret) -> Bool { one.octets == other.octets }

    /// Hashes the secret.
    public func hash(into hasher: inout Hasher) { hasher.combine(octets) }

    /// 128 bits that belong to a key (an HMAC with SHA-256, RFC 2104, cut in half).
    public func seed(of key: RecordKey) -> (high: UInt64, low: UInt64) {
        var code = code
        code.update(data: key.octets)
        return unsafe code.finalize().withUnsafeBytes { code in
            unsafe (
                UInt64(bigEndian: code.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: code.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}
