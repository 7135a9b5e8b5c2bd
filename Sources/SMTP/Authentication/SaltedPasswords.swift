internal import Crypto
internal import CryptoExtras
internal import Synchronization

/// The salted forms of one password. Making one costs thousands of digests, and a server salts a user's password the same
/// way each time: the sessions of a pool share them.
final class SaltedPasswords: Sendable {
    struct Salting: Hashable, Sendable {
        let salt: [UInt8]
        let iterations: Int
    }

    /// Most forms that are kept: a user has one at each server. Beyond them all are forgotten.
    private static let bound = 4

    private let known = Mutex<[Salting: SymmetricKey]>([:])

    /// Whether a form need not be made any more.
    func holds(_ salting: Salting) -> Bool {
        known.withLock { $0[salting] != nil }
    }

    /// `Hi(password, salt, iterations)` of RFC 5802, section 2.2.
    func saltedPassword(
        _ password: String, salt: [UInt8], iterations: Int
    ) throws(AuthenticationFailure) -> SymmetricKey {
        let salting = Salting(salt: salt, iterations: iterations)
        if let key = known.withLock({ $0[salting] }) { return key }
        let key: SymmetricKey
        do {
            // The number of iterations is the server's word; the bounds are checked by the caller.
            key = try KDF.Insecure.PBKDF2.deriveKey(
                from: Array(password.utf8), salt: salt, using: .sha256, outputByteCount: 32,
                unsafeUncheckedRounds: iterations)
        } catch {
            throw .credentials("the password cannot be salted: \(error)")
        }
        known.withLock { known in
            if known.count >= Self.bound { known = [:] }
            known[salting] = key
        }
        return key
    }
}
