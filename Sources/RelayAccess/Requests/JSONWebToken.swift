internal import Foundation

/// A JSON Web Token (RFC 7519) that is signed (RFC 7515).
enum JSONWebToken {
    struct Header: Encodable {
        let algorithm: String
        let type = "JWT"
        var keyID: String?
        var sha1Thumbprint: String?
        var sha256Thumbprint: String?

        enum CodingKeys: String, CodingKey {
            case algorithm = "alg"
            case type = "typ"
            case keyID = "kid"
            case sha1Thumbprint = "x5t"
            case sha256Thumbprint = "x5t#S256"
        }
    }

    /// Times are seconds since 1970.
    struct Claims: Encodable {
        let issuer: String
        var subject: String?
        let audience: String
        var scope: String?
        var identifier: String?
        let issued: Int
        var notBefore: Int?
        let expires: Int

        enum CodingKeys: String, CodingKey {
            case issuer = "iss"
            case subject = "sub"
            case audience = "aud"
            case scope
            case identifier = "jti"
            case issued = "iat"
            case notBefore = "nbf"
            case expires = "exp"
        }
    }

    static func signed(_ header: Header, _ claims: Claims, by key: SigningKey, pss: Bool) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = Base64URL.text(try encoder.encode(header)) + "." + Base64URL.text(try encoder.encode(claims))
        return text + "." + Base64URL.text(try key.signature(of: text, pss: pss))
    }
}
