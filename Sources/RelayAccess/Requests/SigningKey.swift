internal import Crypto
internal import CryptoExtras
internal import Foundation

/// A private key that signs JSON Web Tokens (RFC 7518, section 3).
enum SigningKey: Sendable {
    case rsa(_RSA.Signing.PrivateKey)
    case p256(P256.Signing.PrivateKey)

    /// Reads a key from PEM: PKCS #1 or PKCS #8 for RSA of 2048 bits or more, SEC 1 or PKCS #8 for P-256. What stands
    /// before and after it, such as a certificate or the parameters of a curve, is skipped.
    init(pem: [UInt8]) throws(TokenConfigurationError) {
        guard let block = Self.keyBlock(in: String(decoding: pem, as: UTF8.self)) else {
            throw TokenConfigurationError("there is no private key; give a PEM file with BEGIN PRIVATE KEY")
        }
        guard !block.contains("ENCRYPTED") else {
            throw TokenConfigurationError("the private key has a passphrase; give a PEM file with a key without one")
        }
        if let key = try? _RSA.Signing.PrivateKey(pemRepresentation: block) {
            self = .rsa(key)
        } else if let key = try? P256.Signing.PrivateKey(pemRepresentation: block) {
            self = .p256(key)
        } else {
            throw TokenConfigurationError(
                "the private key cannot be used; give an RSA key of 2048 bits or more, or a P-256 key, in PEM")
        }
    }

    /// The public key as SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    var publicKey: [UInt8] {
        switch self {
        case .rsa(let key): Array(key.publicKey.derRepresentation)
        case .p256(let key): Array(key.publicKey.derRepresentation)
        }
    }

    /// The name of the algorithm in a header (RFC 7518, section 3.1).
    func algorithm(pss: Bool) -> String {
        switch self {
        case .rsa: pss ? "PS256" : "RS256"
        case .p256: "ES256"
        }
    }

    /// Signs a text. A signature of P-256 is r and s one after the other (RFC 7518, section 3.4).
    func signature(of text: String, pss: Bool) throws -> [UInt8] {
        let hash = SHA256.hash(data: Data(text.utf8))
        return switch self {
        case .rsa(let key):
            Array(try key.signature(for: hash, padding: pss ? .PSS : .insecurePKCS1v1_5).rawRepresentation)
        case .p256(let key): Array(try key.signature(for: hash).rawRepresentation)
        }
    }

    private static func keyBlock(in text: String) -> String? {
        var lines: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN ") { lines = line.contains("PRIVATE KEY-----") ? [] : nil }
            lines?.append(line)
            if line.hasPrefix("-----END "), let lines { return lines.joined(separator: "\n") }
        }
        return nil
    }
}
