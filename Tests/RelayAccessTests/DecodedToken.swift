import Crypto
import CryptoExtras
import Foundation

/// A JSON Web Token taken apart by other means than those that made it.
struct DecodedToken {
    let header: [String: String]
    let claims: [String: Any]
    let signed: Data
    let signature: Data

    struct Malformed: Error {}

    init(_ token: String) throws {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = try Self.object(parts[0]) as? [String: String],
            let claims = try Self.object(parts[1]) as? [String: Any]
        else { throw Malformed() }
        self.header = header
        self.claims = claims
        signed = Data("\(parts[0]).\(parts[1])".utf8)
        signature = try Self.octets(parts[2])
    }

    /// Whether the signature is that of a key (PEM).
    func isSigned(by publicKey: String) throws -> Bool {
        let hash = SHA256.hash(data: signed)
        switch header["alg"] {
        case "RS256", "PS256":
            let key = try _RSA.Signing.PublicKey(pemRepresentation: publicKey)
            return key.isValidSignature(
                .init(rawRepresentation: signature), for: hash,
                padding: header["alg"] == "PS256" ? .PSS : .insecurePKCS1v1_5)
        case "ES256":
            let key = try P256.Signing.PublicKey(pemRepresentation: publicKey)
            return key.isValidSignature(try .init(rawRepresentation: signature), for: hash)
        default: return false
        }
    }

    func string(_ name: String) -> String? { claims[name] as? String }
    func number(_ name: String) -> Int? { claims[name] as? Int }

    static func octets(_ text: String) throws -> Data {
        guard !text.contains("="), !text.contains("+"), !text.contains("/") else { throw Malformed() }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        guard let data = Data(base64Encoded: standard + String(repeating: "=", count: (4 - text.count % 4) % 4)) else {
            throw Malformed()
        }
        return data
    }

    /// The octets of a base64url text in hexadecimal.
    static func hexadecimal(_ text: String?) throws -> String {
        try octets(text ?? "").map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func object(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: try octets(text))
    }
}
