internal import Crypto
internal import CryptoExtras
internal import Foundation

/// A private key that signs messages: RSA (RFC 6376, section 3.3.3, with RFC 8301) or Ed25519 (RFC 8463).
public struct DKIMKey: Sendable {
    private enum Kind {
        case rsa(_RSA.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    private let kind: Kind

    /// Reads a key in PEM: PKCS #1 or PKCS #8 for RSA of 2048 bits or more, PKCS #8 for Ed25519.
    ///
    /// Throws a ``DKIMError`` for anything else.
    public init(pem: String) throws(DKIMError) {
        if let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) {
            kind = .rsa(key)
        } else if let key = try? Curve25519.Signing.PrivateKey(pemRepresentation: pem) {
            kind = .ed25519(key)
        } else {
            throw .key
        }
    }

    /// The text of the record in the DNS by which receivers find the public key (RFC 6376, section 3.6.1).
    public var record: String {
        switch kind {
        case .rsa(let key): "v=DKIM1; k=rsa; p=\(key.publicKey.derRepresentation.base64EncodedString())"
        case .ed25519(let key): "v=DKIM1; k=ed25519; p=\(key.publicKey.rawRepresentation.base64EncodedString())"
        }
    }

    /// The name of the algorithm in the tag `a=`.
    var algorithm: String {
        switch kind {
        case .rsa: "rsa-sha256"
        case .ed25519: "ed25519-sha256"
        }
    }

    /// Signs the hash of the header fields.
    func signature(of hash: SHA256.Digest) throws(DKIMError) -> [UInt8] {
        do {
            switch kind {
            case .rsa(let key):
                return Array(try key.signature(for: hash, padding: .insecurePKCS1v1_5).rawRepresentation)
            case .ed25519(let key):
                // Ed25519 signs the hash as its message (RFC 8463, section 3).
                return Array(try key.signature(for: Array(hash)))
            }
        } catch {
            throw .signing
        }
    }
}
